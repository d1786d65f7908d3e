#pragma once

#include <vector>

#include "metrics/procfs/process_handle.h"
#include "metrics/remote/address_range.h"

namespace leak_exporter {

/// The parts of `ranges` that were ever written to: pages in memory or swapped
/// out, from /proc/PID/pagemap (kernel: Documentation/admin-guide/mm/
/// pagemap.rst). To read any other page would make the kernel build page tables
/// for it in the target. Small gaps are kept. Where the kernel does not tell,
/// all of `ranges`. Asks for 4 MB of the address space at a time, so that the
/// target's mmap_lock is never held for long.
std::vector<AddressRange> ResidentRanges(
    const procfs::ProcessHandle& process,
    const std::vector<AddressRange>& ranges);

}  // namespace leak_exporter
