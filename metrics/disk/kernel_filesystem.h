#pragma once

#include <tl/expected.hpp>

namespace leak_exporter {

/// Whether an open file is on one of the filesystems through which the kernel
/// shows itself (proc, sysfs, cgroup, debugfs …). Nothing there is disk or
/// memory that a program holds, and some of the files claim to be terabytes
/// large. An error is the errno.
tl::expected<bool, int> IsKernelFilesystem(int fd);

}  // namespace leak_exporter
