#pragma once

#include <cstddef>
#include <string>
#include <unordered_set>
#include <vector>

namespace leak_exporter {

/// Chooses which N of many names get series of their own, so that one near the
/// edge does not come and go from run to run: what was chosen stays until it
/// has fallen clearly below, what was not comes in once it has risen clearly
/// above. Not thread-safe.
class HystereticTopN {
 public:
  explicit HystereticTopN(size_t top) : top_(top) {}

  /// `names` by rank, best first, each once. Returns which of them (by index,
  /// ascending) are chosen now, min(top, size) of them.
  std::vector<size_t> Choose(const std::vector<std::string>& names);

 private:
  size_t top_;
  std::unordered_set<std::string> chosen_;
};

}  // namespace leak_exporter
