#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "metrics/base/result.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::procfs {

/// What is used of /proc/PID/smaps_rollup (kernel 4.14 and later,
/// fs/proc/task_mmu.c). The kernel's kB are 1024 bytes.
struct SmapsRollup {
  /// PSS: each page divided by the number of processes that map it.
  uint64_t proportional_bytes = 0;
  /// USS: Private_Clean, Private_Dirty and Private_Hugetlb together.
  uint64_t unique_bytes = 0;
};

/// Parses the whole text. Touches no file. Lines it does not know are skipped;
/// Pss, Private_Clean and Private_Dirty must be there (Private_Hugetlb only
/// since 4.4's hugetlb accounting). Errors name line number and content.
Result<SmapsRollup> ParseSmapsRollup(std::string_view text);

/// Reads it of one process; ESRCH where there is no address space. The kernel
/// walks all page tables meanwhile (14 ns a page) and the target's mmap calls
/// wait for it.
Result<SmapsRollup> ReadSmapsRollup(const ProcessHandle& process,
                                    std::string& buffer);

}  // namespace leak_exporter::procfs
