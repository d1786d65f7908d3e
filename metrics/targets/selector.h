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

/// Decides whether processes that were found match a target's rules, and
/// remembers its verdict on each, so that few need be looked at again.
///
/// A process that is new, was renamed or has called exec is judged anew.
/// Without that a process can change its user, its cgroup and the text of its
/// arguments, and it does so early in its life. A young process is therefore
/// judged in every discovery, an old one once a minute. A process whose exec
/// the kernel hides from the exporter is judged in every discovery. A kernel
/// thread that did not match is never judged again, because nothing of it
/// changes.
///
/// A process that has ended and waits to be reaped does not match. The matcher
/// and the file system must outlive the selector. Not thread-safe.
class Selector {
 public:
  Selector(const Matcher& matcher, const procfs::ProcFs& fs)
      : matcher_(matcher), fs_(fs) {}

  /// Begins a discovery at this time since boot.
  void BeginGeneration(std::chrono::nanoseconds now);
  /// Forgets the processes that were not asked about in this discovery.
  void EndGeneration();

  /// Whether a process that was found in this discovery matches. One about
  /// which something cannot be read does not, and the error is counted in
  /// `errors`.
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
