#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "metrics/base/clock.h"
#include "metrics/base/deadline.h"
#include "metrics/base/error_tally.h"
#include "metrics/collectors/support/directory_places.h"
#include "tests/collect.h"
#include "tests/fake_proc.h"
#include "tests/looks_at_once.h"

/// What the tests of places and working directories share.
namespace leak_exporter {

/// Made-up processes that work in directories of a test.
class Machine {
 public:
  /// Its working directory is what the link leads to; without one where empty.
  ProcessSample Add(pid_t pid, const std::string& cwd,
                    std::chrono::seconds start = std::chrono::seconds(0)) {
    proc.Write(pid, "status", "");
    const std::string directory = proc.root() + "/" + std::to_string(pid);
    std::filesystem::create_symlink("/", directory + "/root");
    if (!cwd.empty()) std::filesystem::create_symlink(cwd, directory + "/cwd");
    ProcessSample sample = SampleOf(proc.fs(), pid);
    sample.start_since_boot = start;
    return sample;
  }
  void MoveTo(pid_t pid, const std::string& cwd) const {
    const std::string link = proc.root() + "/" + std::to_string(pid) + "/cwd";
    std::filesystem::remove(link);
    if (!cwd.empty()) std::filesystem::create_symlink(cwd, link);
  }

  FakeProc proc;
  procfs::ProcFs fs_ = proc.fs();
  SystemClock clock;
  Deadline deadline = Deadline::Never(clock);
  TargetRoots roots{fs_, deadline};
  LooksAtOnce looks;
  Looking looking{looks, deadline};
};

inline std::vector<std::string> Causes(const ErrorTally& errors) {
  std::vector<std::string> causes;
  for (const CollectorError& error : errors.errors()) {
    causes.push_back(std::string(NameOf(error.cause)) + " " +
                     std::to_string(error.count));
  }
  return causes;
}

}  // namespace leak_exporter
