#include "metrics/procfs/proc_fs.h"

namespace leak_exporter::procfs {

std::string ProcFs::Path(std::string_view name) const {
  std::string path = root_;
  path += '/';
  path += name;
  return path;
}

std::string ProcFs::Path(pid_t pid) const { return Path(std::to_string(pid)); }

std::string ProcFs::Path(pid_t pid, std::string_view name) const {
  std::string path = Path(pid);
  path += '/';
  path += name;
  return path;
}

}  // namespace leak_exporter::procfs
