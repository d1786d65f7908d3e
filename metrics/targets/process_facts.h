#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "metrics/base/result.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter {

/// What rules ask of one process. Each fact is read when it is first asked for,
/// and once, however many rules ask. The process must outlive the object. Not
/// thread-safe.
class ProcessFacts {
 public:
  /// `state` is the process's state, as its stat says. `buffer` is as in
  /// ReadFileAt.
  ProcessFacts(const procfs::ProcessHandle& process, char state,
               std::string& buffer)
      : process_(process), state_(state), buffer_(buffer) {}

  char state() const { return state_; }
  const Result<uid_t>& EffectiveUid();
  const Result<std::vector<std::string>>& CgroupPaths();
  /// The path of its executable, without what the kernel adds if the file was
  /// replaced.
  const Result<std::string>& Exe();
  /// Its arguments, joined by spaces.
  const Result<std::string>& Arguments();

 private:
  const procfs::ProcessHandle& process_;
  const char state_;
  std::string& buffer_;
  std::optional<Result<uid_t>> effective_uid_;
  std::optional<Result<std::vector<std::string>>> cgroup_paths_;
  std::optional<Result<std::string>> exe_;
  std::optional<Result<std::string>> arguments_;
};

}  // namespace leak_exporter
