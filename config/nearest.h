#pragma once

#include <span>
#include <string>
#include <string_view>

namespace leak_exporter::config {

/// " (did you mean pid_file?)" for the candidate that `word` is most likely a
/// misspelling of: the first of those at the least edit distance, which does
/// not regard case, where that is one edit or at most a third of the word's
/// length and not the whole word. Empty where none is that near, or where the
/// word is over 64 bytes, so that the work is bounded.
std::string DidYouMean(std::string_view word,
                       std::span<const std::string> candidates);

}  // namespace leak_exporter::config
