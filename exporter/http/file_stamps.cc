#include "exporter/http/file_stamps.h"

#include <sys/stat.h>

#include <cerrno>

namespace leak_exporter::http {

std::vector<FileStamp> StampsOf(const std::vector<std::string>& paths) {
  std::vector<FileStamp> stamps;
  for (const std::string& path : paths) {
    FileStamp& stamp = stamps.emplace_back();
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
      stamp.error = errno;
      continue;
    }
    stamp.device = status.st_dev;
    stamp.inode = status.st_ino;
    stamp.size = status.st_size;
    stamp.modified_seconds = status.st_mtim.tv_sec;
    stamp.modified_nanoseconds = status.st_mtim.tv_nsec;
    stamp.changed_seconds = status.st_ctim.tv_sec;
    stamp.changed_nanoseconds = status.st_ctim.tv_nsec;
  }
  return stamps;
}

}  // namespace leak_exporter::http
