#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace leak_exporter::config {

/// The longest duration that is accepted. It is short enough that adding it to
/// a clock cannot overflow.
inline constexpr std::chrono::hours kLongestDuration{366 * 24};

/// Parses a duration. It consists of whole numbers, each followed by a unit,
/// with the largest unit first and each unit once: "5 minutes", "1 hour 30
/// minutes", "1h30m", "250ms". A unit's name alone means one of it: "minute".
/// The units are millisecond(s), second(s), minute(s), hour(s), day(s) and
/// week(s), or ms, s, m, h, d and w.
///
/// The error says what is wrong and what was expected. Wrong are a missing or
/// unknown unit, zero, a negative number, a fraction, a weekday, and anything
/// longer than kLongestDuration.
tl::expected<std::chrono::nanoseconds, std::string> ParseDuration(
    std::string_view text);

}  // namespace leak_exporter::config
