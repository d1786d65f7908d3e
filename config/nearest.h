#pragma once

#include <span>
#include <string>
#include <string_view>

namespace leak_exporter::config {

/// Returns a hint such as " (did you mean pid_file?)" with the candidate that
/// `word` is most likely a misspelling of. That is the first of the candidates
/// at the least edit distance, in which case does not count. It is near enough
/// at a distance of one edit, or of at most a third of the word's length, but
/// not where the whole word would change. Returns an empty text where no
/// candidate is near enough. The same goes for a word of more than 64 bytes, so
/// that the work is bounded.
std::string DidYouMean(std::string_view word,
                       std::span<const std::string> candidates);

}  // namespace leak_exporter::config
