#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace leak_exporter::config {

/// The longest duration that is taken, so that adding one to a clock cannot
/// overflow.
inline constexpr std::chrono::hours kLongestDuration{366 * 24};

/// Parses a duration: whole numbers each with a unit, the largest unit first
/// and each once ("5 minutes", "1 hour 30 minutes", "1h30m", "250ms"), or a
/// unit alone for one of it ("minute"). Units are millisecond(s), second(s),
/// minute(s), hour(s), day(s), week(s) and ms, s, m, h, d, w. The error says
/// what is wrong and what was expected: no unit, zero, negative, a fraction, a
/// weekday, an unknown unit, over kLongestDuration.
tl::expected<std::chrono::nanoseconds, std::string> ParseDuration(
    std::string_view text);

}  // namespace leak_exporter::config
