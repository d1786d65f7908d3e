#include "metrics/disk/kernel_filesystem.h"

#include <linux/magic.h>
#include <sys/statfs.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "metrics/base/uninterrupted.h"

namespace leak_exporter {
namespace {

constexpr long kConfigfsMagic = 0x62656570;  // fs/configfs/mount.c

constexpr auto kMagics = std::to_array<long>({
    PROC_SUPER_MAGIC,
    SYSFS_MAGIC,
    CGROUP_SUPER_MAGIC,
    CGROUP2_SUPER_MAGIC,
    DEBUGFS_MAGIC,
    TRACEFS_MAGIC,
    SECURITYFS_MAGIC,
    SELINUX_MAGIC,
    BPF_FS_MAGIC,
    PSTOREFS_MAGIC,
    EFIVARFS_MAGIC,
    BINFMTFS_MAGIC,
    kConfigfsMagic,
    DEVPTS_SUPER_MAGIC,
    NSFS_MAGIC,
});

}  // namespace

tl::expected<bool, int> IsKernelFilesystem(int fd) {
  struct statfs status;
  if (Uninterrupted([&] { return ::fstatfs(fd, &status); }) != 0) {
    return tl::unexpected<int>(errno);
  }
  return std::ranges::find(kMagics, static_cast<long>(status.f_type)) !=
         kMagics.end();
}

}  // namespace leak_exporter
