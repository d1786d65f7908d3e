#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace leak_exporter::config {

/// Parses a size and returns it in bytes. A size is a whole number, followed by
/// a unit or by nothing, which means bytes. MB, GB and TB are decimal. KiB,
/// MiB, GiB and TiB are binary. kB is the kernel's, as in /proc and pmap(1):
/// 1024 bytes.
///
/// The error says what is wrong and what was expected. Wrong are a missing or
/// negative number, a fraction, an unknown unit, and anything over 2^63 - 1.
tl::expected<uint64_t, std::string> ParseSize(std::string_view text);

}  // namespace leak_exporter::config
