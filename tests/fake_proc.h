#pragma once

#include <sys/types.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "metrics/procfs/proc_fs.h"
#include "metrics/procfs/process_handle.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {

/// Where a made-up machine has the cgroups of its processes, below its /proc.
inline const std::string kFakeCgroups =
    std::string("self/root") + "/sys/fs/cgroup";

/// A proc filesystem of a test's own making.
class FakeProc {
 public:
  const std::string& root() const { return directory_.path(); }
  procfs::ProcFs fs() const { return procfs::ProcFs(root()); }

  /// Writes /proc/NAME.
  void Write(const std::string& name, std::string_view content) const {
    const std::filesystem::path path = root() + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary);
    file << content;
    if (!file.flush())
      throw std::runtime_error("cannot write " + path.string());
  }

  /// Writes /proc/PID/NAME, and a stat beside it so that PID can be opened.
  void Write(pid_t pid, const std::string& name,
             std::string_view content) const {
    const std::string directory = std::to_string(pid) + "/";
    Write(directory + "stat",
          std::to_string(pid) +
              " (fake) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 0 0 0 0 0 0 "
              "0\n");
    Write(directory + name, content);
  }

  procfs::ProcessHandle Open(pid_t pid) const {
    auto process = procfs::ProcessHandle::Open(fs(), pid);
    if (!process) throw std::runtime_error(process.error().message);
    return std::move(*process);
  }

 private:
  ScratchDirectory directory_;
};

}  // namespace leak_exporter
