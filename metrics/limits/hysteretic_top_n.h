#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

namespace leak_exporter {

/// Chooses which N of many rows get series of their own, so that one near the
/// edge does not come and go from time to time: what was chosen stays until it
/// has fallen clearly below, what was not comes in once it has risen clearly
/// above. To choose from the same rows again chooses the same. Not thread-safe.
class HystereticTopN {
 public:
  /// The name of the row at an index.
  using NameOf = std::function<std::string(size_t)>;

  /// Chooses among so many rows, which are in the order of their rank, best
  /// first, and have names of their own. Returns the indices of those that are
  /// chosen now, ascending: min(top, rows) of them. Asks for the names of
  /// hardly more rows than it chooses.
  std::vector<size_t> Choose(size_t top, size_t rows, const NameOf& name_of);

 private:
  std::unordered_set<std::string> chosen_;
};

}  // namespace leak_exporter
