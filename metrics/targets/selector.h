#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "metrics/base/error_tally.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/targets/found_process.h"
#include "metrics/targets/matcher.h"

namespace leak_exporter {

/// Says whether a process that was found matches a target's rules, and
/// remembers for each what cannot have changed. A process that is new, was
/// renamed or has called exec since is asked everything anew. What a process
/// can change otherwise (its user, its cgroup, the text of its arguments) it
/// changes early in its life: a young process is asked in every discovery, and
/// an old one once a minute. A process whose exec the kernel does not let the
/// exporter see is asked in every discovery, and a kernel thread that did not
/// match never again: nothing of it changes.
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

  /// `process` has been found in this discovery. What cannot be read about it
  /// is counted in `errors` and does not match.
  bool Matches(const FoundProcess& process, ErrorTally& errors);

 private:
  struct Verdict {
    Program program;
    std::chrono::nanoseconds first_seen{};
    std::optional<std::chrono::nanoseconds> decided;
    bool matches = false;
    uint64_t generation = 0;
  };

  bool Stands(const Verdict& verdict, const FoundProcess& process) const;
  void Decide(const FoundProcess& process, Verdict& verdict,
              ErrorTally& errors);

  const Matcher& matcher_;
  const procfs::ProcFs& fs_;
  std::unordered_map<pid_t, Verdict> verdicts_;
  std::chrono::nanoseconds now_{};
  uint64_t generation_ = 0;
  std::string buffer_;
};

}  // namespace leak_exporter
