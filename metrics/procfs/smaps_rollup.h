#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "metrics/base/result.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::procfs {

/// The fields of /proc/PID/smaps_rollup that are used (kernel 4.14 and later,
/// fs/proc/task_mmu.c). The kernel's kB are 1024 bytes.
struct SmapsRollup {
  /// PSS: the size of each page divided by the number of processes that map it.
  uint64_t proportional_bytes = 0;
  /// USS: Private_Clean, Private_Dirty and Private_Hugetlb together.
  uint64_t unique_bytes = 0;
};

/// Parses the whole text. Touches no file. Skips unknown lines. Pss,
/// Private_Clean and Private_Dirty must be there; Private_Hugetlb need not be,
/// since kernels before 4.4 do not count it. Errors name the line's number and
/// content.
Result<SmapsRollup> ParseSmapsRollup(std::string_view text);

/// Reads the file of one process. ESRCH where the process has no address space.
/// Meanwhile the kernel walks all page tables (14 ns a page), and mmap calls of
/// the target wait until it is done.
Result<SmapsRollup> ReadSmapsRollup(const ProcessHandle& process,
                                    std::string& buffer);

}  // namespace leak_exporter::procfs
