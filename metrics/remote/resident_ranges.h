#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "metrics/base/deadline.h"
#include "metrics/procfs/process_handle.h"
#include "metrics/remote/address_range.h"

namespace leak_exporter {

/// Parts of an address space.
struct ResidentMemory {
  std::vector<AddressRange> ranges;
  /// Why the last ones are missing; empty where none is.
  std::string incomplete;
};

/// Finds the parts of `ranges` that were ever written to: pages that are in
/// memory or swapped out, according to /proc/PID/pagemap (kernel:
/// Documentation/admin-guide/mm/pagemap.rst). Reading any other page would make
/// the kernel build page tables for it in the target. A small gap between such
/// pages is kept, unless it is a guard region. Returns all of `ranges` where
/// the kernel does not tell. The kernel is asked about 4 MB at a time, so that
/// the target's mmap_lock is never held for long.
///
/// There are at most `most` parts, in 16 bytes each. What would be more is
/// missing, as is what there was no time for: a process may map more memory
/// than can be asked about. Without a descriptor to ask with, all is missing.
ResidentMemory ResidentRanges(const procfs::ProcessHandle& process,
                              const std::vector<AddressRange>& ranges,
                              const Deadline& deadline,
                              size_t most = size_t{1} << 18);

}  // namespace leak_exporter
