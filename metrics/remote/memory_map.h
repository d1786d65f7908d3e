#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/base/deadline.h"
#include "metrics/base/result.h"
#include "metrics/procfs/maps.h"
#include "metrics/procfs/process_handle.h"
#include "metrics/remote/address_range.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

inline AddressRange RangeOf(const procfs::Mapping& mapping) {
  return {RemoteAddr{mapping.start}, RemoteAddr{mapping.end}};
}

/// All mappings of a process at one moment, in ascending order. It can be moved
/// but not copied: the names of the mappings point into strings that it owns,
/// each of which it keeps once. All anonymous memory that has a name is called
/// kNamedAnonymous. Where the names take more memory than kMostNameBytes,
/// further files are called "/".
class MemoryMap {
 public:
  /// How many mappings there may be, in 64 bytes each. Usually a process may
  /// have 65,530 (vm.max_map_count).
  static constexpr size_t kMostMappings = size_t{1} << 17;
  static constexpr size_t kMostNameBytes = size_t{2} << 20;
  static constexpr std::string_view kNamedAnonymous = "[anon:]";

  /// Reads /proc/PID/maps. EFBIG where there are more than kMostMappings. See
  /// procfs::ForEachMapping() for `buffer`.
  static Result<MemoryMap> Read(const procfs::ProcessHandle& process,
                                std::string& buffer, const Deadline& deadline);

  MemoryMap() = default;
  MemoryMap(MemoryMap&&) = default;
  MemoryMap& operator=(MemoryMap&&) = default;

  /// Keeps a mapping that lies above those that were added before.
  void Add(const procfs::Mapping& mapping);

  /// The names are valid as long as the map lives, wherever it is moved to.
  std::span<const procfs::Mapping> mappings() const { return mappings_; }

 private:
  std::vector<procfs::Mapping> mappings_;
  std::set<std::string, std::less<>> names_;
  size_t name_bytes_ = 0;
};

/// Where another process can read: readable mappings, but for those of devices
/// and of the kernel's own pages.
std::vector<AddressRange> ReadableRanges(const MemoryMap& map);

/// Where a program's own allocations can lie: writable memory that is neither
/// shared nor a file's, without the main thread's stack. Mappings that touch
/// are one range.
std::vector<AddressRange> HeapRanges(const MemoryMap& map);

}  // namespace leak_exporter
