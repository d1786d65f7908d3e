#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

namespace leak_exporter {

/// Chooses which N of many rows get series of their own. A row near the edge
/// does not come and go: a chosen row stays until it has fallen clearly below
/// the edge, and another row comes in once it has risen clearly above it. The
/// same rows give the same choice again. Not thread-safe.
class HystereticTopN {
 public:
  /// The name of the row at an index.
  using NameOf = std::function<std::string(size_t)>;

  /// Chooses among `rows` rows. They are in the order of their rank, best
  /// first, and no two have the same name. Returns the indices of min(top,
  /// rows) rows in ascending order. Asks for the names of few more rows than it
  /// chooses.
  std::vector<size_t> Choose(size_t top, size_t rows, const NameOf& name_of);

 private:
  std::unordered_set<std::string> chosen_;
};

}  // namespace leak_exporter
