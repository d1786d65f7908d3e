#pragma once

#include <vector>

#include "metrics/procfs/process_handle.h"
#include "metrics/remote/address_range.h"

namespace leak_exporter {

/// Finds the parts of `ranges` that were ever written to: pages that are in
/// memory or swapped out, according to /proc/PID/pagemap (kernel:
/// Documentation/admin-guide/mm/pagemap.rst). Reading any other page would make
/// the kernel build page tables for it in the target. A small gap between such
/// pages is kept, unless it is a guard region. Returns all of `ranges` where
/// the kernel does not tell. The kernel is asked about 4 MB at a time, so that
/// the target's mmap_lock is never held for long.
std::vector<AddressRange> ResidentRanges(
    const procfs::ProcessHandle& process,
    const std::vector<AddressRange>& ranges);

}  // namespace leak_exporter
