#include "metrics/remote/address_range.h"

#include <algorithm>

namespace leak_exporter {

std::vector<AddressRange> Intersection(const std::vector<AddressRange>& a,
                                       const std::vector<AddressRange>& b) {
  std::vector<AddressRange> both;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    const AddressRange common = {std::max(i->begin, j->begin),
                                 std::min(i->end, j->end)};
    if (common.begin < common.end) both.push_back(common);
    if (i->end < j->end) {
      ++i;
    } else {
      ++j;
    }
  }
  return both;
}

std::vector<AddressRange> Without(const std::vector<AddressRange>& ranges,
                                  AddressRange hole) {
  std::vector<AddressRange> left;
  for (const AddressRange& range : ranges) {
    const AddressRange below = {range.begin, std::min(range.end, hole.begin)};
    const AddressRange above = {std::max(range.begin, hole.end), range.end};
    if (below.begin < below.end) left.push_back(below);
    if (above.begin < above.end && hole.begin < hole.end) left.push_back(above);
  }
  return left;
}

}  // namespace leak_exporter
