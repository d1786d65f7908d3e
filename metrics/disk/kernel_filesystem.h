#pragma once

namespace leak_exporter {

/// Whether an open file is on one of the filesystems through which the kernel
/// shows itself (proc, sysfs, cgroup, debugfs …): nothing there is disk or
/// memory that a program holds, and some files claim to be terabytes.
bool IsKernelFilesystem(int fd);

}  // namespace leak_exporter
