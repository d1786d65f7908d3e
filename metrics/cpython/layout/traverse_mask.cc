#include "metrics/cpython/layout/traverse_mask.h"

#include <algorithm>
#include <iterator>

namespace leak_exporter::cpython {
namespace {

struct TraverseMask {
  std::string_view tp_name;
  /// Major * 100 + minor, both included.
  uint32_t first_version;
  uint32_t last_version;
  int64_t basicsize;
  uint64_t words;
};

/// Sorted by name.
constexpr TraverseMask kTable[] = {
#include "metrics/cpython/layout/traverse_mask_table.inc"
};

}  // namespace

std::optional<uint64_t> FindTraverseMask(std::string_view tp_name,
                                         int64_t basicsize,
                                         const PythonVersion& version) {
  const uint32_t number = version.major * 100 + version.minor;
  const auto [begin, end] = std::equal_range(
      std::begin(kTable), std::end(kTable), TraverseMask{tp_name, 0, 0, 0, 0},
      [](const TraverseMask& a, const TraverseMask& b) {
        return a.tp_name < b.tp_name;
      });
  const auto* row = std::find_if(begin, end, [&](const TraverseMask& entry) {
    return entry.basicsize == basicsize && entry.first_version <= number &&
           number <= entry.last_version;
  });
  if (row == end) return std::nullopt;
  return row->words;
}

}  // namespace leak_exporter::cpython
