#pragma once

#include <string_view>

#include "metrics/base/unique_fd.h"

namespace leak_exporter {

/// Opens `path` as a process sees it whose "/" is the directory `root`.
/// Resolves one component after another: an absolute symbolic link begins again
/// at `root`, and ".." goes back to the directory that the walk came from, so
/// that no rename at the same time leads out of `root`. The links of a procfs
/// are not followed (ELOOP), because they would lead out.
///
/// `flags` are open(2)'s; O_CLOEXEC is added. Needs no system call that a
/// seccomp filter cannot look into, as openat2(2) is. Follows at most 40 links,
/// as the kernel does. The result is invalid if it fails, and errno says why.
UniqueFd OpenBelow(int root, std::string_view path, int flags);

}  // namespace leak_exporter
