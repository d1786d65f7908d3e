#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace leak_exporter::config {

/// The candidate that `word` is most likely a misspelling of: the first of
/// those at the least edit distance, if that is at most a third of the word's
/// length and at least one edit is allowed. Takes time in proportion to the
/// lengths, which are bounded: a word over 64 bytes has no nearest.
std::optional<std::string> Nearest(std::string_view word,
                                   std::span<const std::string> candidates);

}  // namespace leak_exporter::config
