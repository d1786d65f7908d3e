#pragma once

#include "metrics/base/unique_fd.h"

namespace leak_exporter {

/// A file opened so that reading it changes nothing of it, if that is allowed.
struct UntouchedFile {
  /// Invalid where the file could not be opened; errno says why.
  UniqueFd fd;
  /// Whether reading may renew the file's access time, because O_NOATIME was
  /// refused. The kernel grants it to the file's owner and with CAP_FOWNER.
  bool may_touch = false;
};

/// Opens as openat(2) does, with O_NOATIME and O_CLOEXEC. Opens without
/// O_NOATIME if the kernel refuses it. Thread-safe.
UntouchedFile OpenUntouched(int directory_fd, const char* path, int flags);

}  // namespace leak_exporter
