#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "metrics/base/error_tally.h"
#include "metrics/base/result.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/targets/found_process.h"
#include "metrics/targets/rule_book.h"

namespace leak_exporter {

/// Decides which rules the processes match that were found, and remembers the
/// verdict on each, so that few need be looked at again.
///
/// A process that is new, was renamed or has called exec is judged anew.
/// Without that a process can change its user, its cgroup and the text of its
/// arguments, and it does so early in its life. A process in its first minute
/// is therefore judged anew when it has become twice as old, and an older one
/// once a minute. Those that were older when they were first seen are spread
/// over the minute. A process that matches and whose exec the kernel hides from
/// the exporter is judged in every discovery. A kernel thread that did not
/// match is never judged again, because nothing of it changes.
///
/// A process that has ended and waits to be reaped does not match. The file
/// system must outlive the object. Not thread-safe.
class Verdicts {
 public:
  explicit Verdicts(const procfs::ProcFs& fs) : fs_(fs) {}

  /// Judges by these rules from now on, and every process anew.
  void SetRules(std::shared_ptr<const RuleBook> rules);

  /// Begins a discovery at this time since boot.
  void BeginGeneration(std::chrono::nanoseconds now);
  /// Forgets the processes that were not judged in this discovery.
  void EndGeneration();

  struct Verdict {
    std::vector<RuleBook::Index> matches;
    /// What could not be read. These rules do not match.
    std::vector<std::pair<RuleBook::Index, Error>> errors;
  };
  /// The verdict on a process that was found in this discovery. Valid until the
  /// next call of any function.
  const Verdict& Judge(const FoundProcess& process);

 private:
  struct Known {
    Program program;
    std::chrono::nanoseconds born{};
    /// When it is to be judged again. Absent where that is now.
    std::optional<std::chrono::nanoseconds> due;
    Verdict verdict;
    uint64_t generation = 0;
  };

  bool Stands(const Known& known, const FoundProcess& process) const;
  void Decide(const FoundProcess& process, Known& known, bool first);
  void Keep(RuleBook::Judgement judgement, Known& known) const;
  std::chrono::nanoseconds NextDue(const FoundProcess& process,
                                   const Known& known, bool first) const;

  const procfs::ProcFs& fs_;
  std::shared_ptr<const RuleBook> rules_;
  std::unordered_map<pid_t, Known> known_;
  std::chrono::nanoseconds now_{};
  uint64_t generation_ = 0;
  std::string buffer_;
};

}  // namespace leak_exporter
