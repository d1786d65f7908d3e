#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace leak_exporter::config {

/// Parses a size to bytes: a whole number, then a unit or none for bytes. MB,
/// GB and TB are decimal; KiB, MiB, GiB and TiB binary; kB is the kernel's, as
/// in /proc and pmap: 1024 bytes. The error says what is wrong and what was
/// expected: no number, negative, a fraction, an unknown unit, over 2^63 - 1.
tl::expected<uint64_t, std::string> ParseSize(std::string_view text);

}  // namespace leak_exporter::config
