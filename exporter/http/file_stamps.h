#pragma once

#include <string>
#include <vector>

namespace leak_exporter::http {

/// By which a file is known to have changed: what stat(2) tells of it.
struct FileStamp {
  /// An errno; 0 if the file is there.
  int error = 0;
  unsigned long device = 0;
  unsigned long inode = 0;
  long size = 0;
  long modified_seconds = 0;
  long modified_nanoseconds = 0;
  long changed_seconds = 0;
  long changed_nanoseconds = 0;

  bool operator==(const FileStamp&) const = default;
};

/// The stamps of files, in their order. Follows symbolic links.
std::vector<FileStamp> StampsOf(const std::vector<std::string>& paths);

}  // namespace leak_exporter::http
