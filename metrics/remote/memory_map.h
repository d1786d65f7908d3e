#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metrics/base/deadline.h"
#include "metrics/base/result.h"
#include "metrics/procfs/process_handle.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

/// A mapping, kept.
struct MemoryRegion {
  RemoteAddr begin{};
  RemoteAddr end{};
  bool readable = false;
  bool writable = false;
  bool shared = false;
  uint64_t offset = 0;
  uint64_t device = 0;
  uint64_t inode = 0;
  /// As in procfs::Mapping.
  std::string name;
};

struct AddressRange {
  RemoteAddr begin{};
  RemoteAddr end{};

  uint64_t size() const { return Value(end) - Value(begin); }
  bool Contains(RemoteAddr address) const {
    return begin <= address && address < end;
  }
};

/// All mappings of a process, in ascending order. Reads /proc/PID/maps; more
/// than a million are an error.
Result<std::vector<MemoryRegion>> ReadMemoryMap(
    const procfs::ProcessHandle& process, std::string& buffer,
    const Deadline& deadline);

/// Where a program's own allocations can lie: private writable memory without a
/// file, stacks of the main thread left out; what touches is one range.
std::vector<AddressRange> HeapRanges(const std::vector<MemoryRegion>& regions);

/// What lies in both, each ascending.
std::vector<AddressRange> Intersection(const std::vector<AddressRange>& a,
                                       const std::vector<AddressRange>& b);

/// `ranges` (ascending) without `hole`.
std::vector<AddressRange> Without(const std::vector<AddressRange>& ranges,
                                  AddressRange hole);

}  // namespace leak_exporter
