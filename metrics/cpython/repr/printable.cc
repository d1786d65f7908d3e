#include "metrics/cpython/repr/printable.h"

#include <algorithm>
#include <iterator>

namespace leak_exporter::cpython {
namespace {

struct Printable {
  uint32_t first;
  uint32_t since_minor;
};

#include "metrics/cpython/repr/printable_table.inc"

bool IsKnown(const PythonVersion& version) {
  return version.major == 3 && version.minor >= kOldestMinor &&
         version.minor <= kNewestMinor;
}

}  // namespace

bool IsPrintable(uint32_t code_point, const PythonVersion& version) {
  if (!IsKnown(version)) return code_point >= 0x20 && code_point < 0x7F;
  const auto* after = std::upper_bound(
      std::begin(kTable), std::end(kTable), code_point,
      [](uint32_t wanted, const Printable& row) { return wanted < row.first; });
  return std::prev(after)->since_minor <= version.minor;
}

}  // namespace leak_exporter::cpython
