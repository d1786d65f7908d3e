#include "metrics/remote/memory_map.h"

#include <cerrno>
#include <string_view>

namespace leak_exporter {
namespace {

// What a name takes besides its text: the string, and a node of the set.
constexpr size_t kNameOverhead = 80;

// Memory from mmap(MAP_HUGETLB) is a file to the kernel.
bool IsAnonymous(std::string_view name) {
  return name.empty() || name == "[heap]" || name.starts_with("[anon:") ||
         name.starts_with("/anon_hugepage");
}

// Devices' memory, [vvar] and [vsyscall] have no pages that the kernel would
// copy for others (VM_IO, VM_PFNMAP).
bool HasPages(std::string_view name) {
  return !name.starts_with("[v") &&
         (!name.starts_with("/dev/") || name.starts_with("/dev/shm/"));
}

void Append(const AddressRange& range, std::vector<AddressRange>& ranges) {
  if (!ranges.empty() && ranges.back().end == range.begin) {
    ranges.back().end = range.end;
  } else {
    ranges.push_back(range);
  }
}

}  // namespace

Result<MemoryMap> MemoryMap::Read(const procfs::ProcessHandle& process,
                                  std::string& buffer,
                                  const Deadline& deadline) {
  MemoryMap map;
  const auto count = procfs::ForEachMapping(
      process, buffer, deadline, [&](const procfs::Mapping& mapping) {
        if (map.mappings_.size() < kMostMappings) map.Add(mapping);
      });
  if (!count) return tl::unexpected<Error>(count.error());
  if (*count > kMostMappings) {
    return Failure(EFBIG, process.Path("maps") + ": " + std::to_string(*count) +
                              " mappings, over the limit");
  }
  return map;
}

void MemoryMap::Add(const procfs::Mapping& mapping) {
  mappings_.push_back(mapping);
  if (!mapping.name.empty() && IsAnonymous(mapping.name)) {
    mappings_.back().name = kNamedAnonymous;
    return;
  }
  auto known = names_.find(mapping.name);
  if (known == names_.end()) {
    const size_t bytes = mapping.name.size() + kNameOverhead;
    if (name_bytes_ + bytes > kMostNameBytes) {
      mappings_.back().name = "/";
      return;
    }
    name_bytes_ += bytes;
    known = names_.emplace(mapping.name).first;
  }
  mappings_.back().name = *known;
}

std::vector<AddressRange> ReadableRanges(const MemoryMap& map) {
  std::vector<AddressRange> ranges;
  for (const procfs::Mapping& mapping : map.mappings()) {
    if (mapping.readable && HasPages(mapping.name)) {
      Append(RangeOf(mapping), ranges);
    }
  }
  return ranges;
}

std::vector<AddressRange> HeapRanges(const MemoryMap& map) {
  std::vector<AddressRange> ranges;
  for (const procfs::Mapping& mapping : map.mappings()) {
    if (!mapping.readable || !mapping.writable || mapping.shared ||
        !IsAnonymous(mapping.name)) {
      continue;
    }
    Append(RangeOf(mapping), ranges);
  }
  return ranges;
}

}  // namespace leak_exporter
