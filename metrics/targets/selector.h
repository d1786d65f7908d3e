#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "metrics/base/error_tally.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/procfs/stat.h"
#include "metrics/targets/matcher.h"

namespace leak_exporter {

/// A process that matches, with its parent as stat tells it.
struct MatchedProcess {
  pid_t pid = 0;
  pid_t parent_pid = 0;
};

/// Says which processes match now, and remembers for each what cannot have
/// changed. One read of stat tells a process that is new, was renamed or has
/// called exec since: those are asked everything anew. What a process can
/// change otherwise (its user, its cgroup, the text of its arguments) it
/// changes early in its life: a young one is asked in every generation, an old
/// one once a minute, and one whose exec the kernel does not let the exporter
/// see in every discovery.
///
/// A process that has ended and waits to be reaped does not match. The matcher
/// and the file system must outlive the selector. Not thread-safe.
class Selector {
 public:
  Selector(const Matcher& matcher, const procfs::ProcFs& fs)
      : matcher_(matcher), fs_(fs) {}

  /// Begins a discovery at this time since boot.
  void BeginGeneration(std::chrono::nanoseconds now);
  /// Forgets those that were not asked about in this discovery.
  void EndGeneration();

  /// Those of `pids` that match.
  std::vector<MatchedProcess> Select(const std::vector<pid_t>& pids,
                                     ErrorTally& errors);

  /// Those of all processes that match, but for the exporter itself and those
  /// that `skip` says to leave alone.
  std::vector<MatchedProcess> SelectFromAll(
      const std::function<bool(pid_t)>& skip, ErrorTally& errors);

 private:
  /// A process running one program. What differs tells of an exec, or of a
  /// reused pid.
  struct Program {
    uint64_t start_time_ticks = 0;
    std::string comm;
    uint32_t forked_but_not_execed = 0;
    uint64_t start_code = 0;
    uint64_t start_stack = 0;

    bool operator==(const Program&) const = default;
  };
  struct Verdict {
    Program program;
    std::chrono::nanoseconds first_seen{};
    std::optional<std::chrono::nanoseconds> decided;
    bool matches = false;
    uint64_t generation = 0;
  };

  struct Checked {
    bool matches = false;
    bool kernel_thread = false;
    pid_t parent_pid = 0;
  };

  Checked Check(pid_t pid, ErrorTally& errors);
  bool Matches(pid_t pid, const procfs::Stat& stat, ErrorTally& errors);
  bool Stands(const Verdict& verdict, const procfs::Stat& stat) const;
  void Decide(pid_t pid, char state, Verdict& verdict, ErrorTally& errors);
  std::optional<pid_t> OwnPid() const;

  const Matcher& matcher_;
  const procfs::ProcFs& fs_;
  std::unordered_map<pid_t, Verdict> verdicts_;
  /// Kernel threads that do not match, with the inode that tells who it is.
  /// They call no exec, and are most of the processes on many a machine: those
  /// are not looked at again.
  std::unordered_map<pid_t, uint64_t> kernel_threads_;
  std::chrono::nanoseconds now_{};
  uint64_t generation_ = 0;
  std::string buffer_;
};

}  // namespace leak_exporter
