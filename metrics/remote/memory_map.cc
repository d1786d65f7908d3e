#include "metrics/remote/memory_map.h"

#include <algorithm>
#include <string_view>

#include "metrics/procfs/maps.h"

namespace leak_exporter {
namespace {

// vm.max_map_count is 65530, or a million where systems raise it.
constexpr size_t kMaxRegions = 1'100'000;

MemoryRegion Keep(const procfs::Mapping& mapping) {
  return {RemoteAddr{mapping.start},
          RemoteAddr{mapping.end},
          mapping.readable,
          mapping.writable,
          mapping.shared,
          mapping.offset,
          mapping.device,
          mapping.inode,
          std::string(mapping.name)};
}

// Memory from mmap(MAP_HUGETLB) is a file to the kernel.
bool IsAnonymous(std::string_view name) {
  return name.empty() || name == "[heap]" || name.starts_with("[anon:") ||
         name.starts_with("/anon_hugepage");
}

}  // namespace

Result<std::vector<MemoryRegion>> ReadMemoryMap(
    const procfs::ProcessHandle& process, std::string& buffer,
    const Deadline& deadline) {
  std::vector<MemoryRegion> regions;
  const auto count = procfs::ForEachMapping(
      process, buffer, deadline, [&](const procfs::Mapping& mapping) {
        if (regions.size() < kMaxRegions) regions.push_back(Keep(mapping));
      });
  if (!count) return tl::unexpected<Error>(count.error());
  if (*count > kMaxRegions) {
    return Failure(0, process.Path("maps") + ": " + std::to_string(*count) +
                          " mappings, over the limit");
  }
  return regions;
}

std::vector<AddressRange> HeapRanges(const std::vector<MemoryRegion>& regions) {
  std::vector<AddressRange> ranges;
  for (const MemoryRegion& region : regions) {
    if (!region.readable || !region.writable || region.shared ||
        !IsAnonymous(region.name)) {
      continue;
    }
    if (!ranges.empty() && ranges.back().end == region.begin) {
      ranges.back().end = region.end;
    } else {
      ranges.push_back({region.begin, region.end});
    }
  }
  return ranges;
}

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
