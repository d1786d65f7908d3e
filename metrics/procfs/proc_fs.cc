#include "metrics/procfs/proc_fs.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <limits>

namespace leak_exporter::procfs {

std::string ProcFs::Path(std::string_view name) const {
  std::string path = root_;
  path += '/';
  path += name;
  return path;
}

std::string ProcFs::Path(pid_t pid) const { return Path(std::to_string(pid)); }

std::string ProcFs::Path(pid_t pid, std::string_view name) const {
  // Called for every process of the machine: one allocation at most.
  std::array<char, std::numeric_limits<pid_t>::digits10 + 2> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), pid).ptr;
  const std::string_view number(digits.data(),
                                static_cast<size_t>(end - digits.data()));
  std::string path;
  path.reserve(root_.size() + number.size() + name.size() + 2);
  path.append(root_).append("/").append(number).append("/").append(name);
  return path;
}

}  // namespace leak_exporter::procfs
