#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "metrics/base/deadline.h"
#include "metrics/base/result.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::procfs {

/// What one descriptor of a process refers to, as statx(2) tells it through
/// /proc/PID/fd/N.
struct Descriptor {
  unsigned number = 0;
  /// The S_IFMT bits. They are 0 for anonymous inodes (epoll, eventfd, …), to
  /// which the kernel gives no type.
  mode_t type = 0;
  /// How many names the file has; 0 for a deleted file.
  uint32_t links = 0;
  uint64_t device = 0;
  uint64_t inode = 0;
  /// Blocks * 512 of a file without a name; 0 for every other.
  uint64_t allocated_bytes = 0;
  /// The text of the link: a path as the process sees it, or a text such as
  /// "pipe:[7]" or "anon_inode:[eventpoll]". ForEachDescriptor reads it only
  /// where the type does not decide, that is for regular files and for type 0;
  /// otherwise it is empty. It is valid within the visit.
  std::string_view target;
};

/// Lists /proc/PID/fd and calls `visit` for each descriptor, in no order.
/// `visit` gets what the descriptor refers to, or the reason why that cannot be
/// known (ESTALE of a lost server, EACCES of another user's FUSE mount).
/// Returns how many descriptors there were; one that was closed meanwhile is
/// not counted. `buffer` is scratch of constant size.
///
/// Ends with an error in three cases. The process is gone: ESRCH, also for
/// zombies and kernel threads, which have no descriptors to list. The kernel
/// refuses: it refuses all descriptors of a process alike, unless the reader is
/// of the same user, or has both CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE. The
/// deadline has passed: ETIMEDOUT.
///
/// File servers are not asked (AT_STATX_DONT_SYNC), so that a dead one cannot
/// block the caller. No lock is taken that a sleeping target could hold.
Result<uint64_t> ForEachDescriptor(
    const ProcessHandle& process, std::string& buffer, const Deadline& deadline,
    const std::function<void(const Result<Descriptor>&)>& visit);

/// Looks again at one descriptor that is known to be open. Does not read the
/// text of the link.
Result<Descriptor> StatDescriptor(const ProcessHandle& process,
                                  unsigned number);

/// Whether `path`, as the process sees it, is a name of `file` now. False also
/// where the path cannot be looked up.
bool IsNameOf(const ProcessHandle& process, std::string_view path,
              const Descriptor& file);

}  // namespace leak_exporter::procfs
