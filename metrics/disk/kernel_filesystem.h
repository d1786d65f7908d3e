#pragma once

namespace leak_exporter {

/// Whether an open file is on one of the filesystems through which the kernel
/// shows itself (proc, sysfs, cgroup, debugfs …). Nothing there is disk or
/// memory that a program holds, and some of the files claim to be terabytes
/// large. False for what is not open.
bool IsKernelFilesystem(int fd);

}  // namespace leak_exporter
