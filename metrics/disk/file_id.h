#pragma once

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <compare>
#include <cstdint>

namespace leak_exporter {

/// What identifies a file among those that exist. A file may have many names,
/// but has one id.
struct FileId {
  uint64_t device = 0;
  uint64_t inode = 0;

  static FileId Of(const struct statx& status) {
    return {makedev(status.stx_dev_major, status.stx_dev_minor),
            status.stx_ino};
  }

  auto operator<=>(const FileId&) const = default;
};

}  // namespace leak_exporter
