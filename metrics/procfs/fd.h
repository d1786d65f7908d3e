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

/// What one descriptor of a process refers to, from statx(2) through
/// /proc/PID/fd/N.
struct Descriptor {
  unsigned number = 0;
  /// The S_IFMT bits; 0 for what the kernel gives no type: anonymous inodes
  /// (epoll, eventfd, …).
  mode_t type = 0;
  /// Names that the file has; 0 for a deleted one.
  uint32_t links = 0;
  uint64_t device = 0;
  uint64_t inode = 0;
  /// Blocks * 512; only for files without a name.
  uint64_t allocated_bytes = 0;
  /// The text of the link: a path as the process sees it, or "pipe:[7]",
  /// "anon_inode:[eventpoll]". ForEachDescriptor reads it only where the type
  /// does not decide, that is for regular files and for type 0, and it is valid
  /// within the visit; otherwise empty.
  std::string_view target;
};

/// Lists /proc/PID/fd and calls `visit` for each descriptor, in no order, with
/// what it refers to or the reason why that cannot be known (ESTALE of a lost
/// server, EACCES of another user's FUSE mount). Returns how many there were;
/// one that was closed meanwhile is not counted. Ends with an error where the
/// process is gone (ESRCH also for zombies and kernel threads, which have none
/// to list), where the kernel refuses (all descriptors of a process are refused
/// alike; it takes the same user, or both CAP_DAC_READ_SEARCH and
/// CAP_SYS_PTRACE), and with ETIMEDOUT after the deadline. `buffer` is scratch
/// of constant size.
///
/// File servers are not asked (AT_STATX_DONT_SYNC), so that one that is dead
/// cannot block the caller. None of it takes a lock that a sleeping target
/// could hold.
Result<uint64_t> ForEachDescriptor(
    const ProcessHandle& process, std::string& buffer, const Deadline& deadline,
    const std::function<void(const Result<Descriptor>&)>& visit);

/// Looks again at one descriptor that is known to be open, without its text.
Result<Descriptor> StatDescriptor(const ProcessHandle& process,
                                  unsigned number);

/// Whether `path`, as the process sees it, is a name of that file now. False
/// also where the path cannot be looked up.
bool IsNameOf(const ProcessHandle& process, std::string_view path,
              const Descriptor& file);

}  // namespace leak_exporter::procfs
