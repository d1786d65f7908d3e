#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "metrics/base/error_tally.h"
#include "metrics/targets/found_process.h"
#include "metrics/targets/matcher.h"
#include "metrics/targets/rule_book.h"

namespace leak_exporter {

/// The processes of the machine at one moment, and which rules each of them
/// matches. Every target takes its processes from the same look. Immutable;
/// thread-safe.
class MachineLook {
 public:
  /// What the targets of one rule need to know.
  struct Answer {
    /// The pids of the processes that match, sorted.
    std::vector<pid_t> matches;
    /// What could not be read of processes that might match.
    ErrorTally errors;
  };

  /// `processes` are sorted by pid. `answers` are in the order of the book's
  /// rules.
  MachineLook(std::chrono::steady_clock::time_point began,
              std::vector<FoundProcess> processes,
              std::shared_ptr<const RuleBook> rules,
              std::vector<Answer> answers, ErrorTally errors, bool incomplete);

  /// When it began. Nothing of it is older.
  std::chrono::steady_clock::time_point began() const { return began_; }
  /// Whether it ended before its deadline, and with descriptors and memory for
  /// all that it had to read.
  bool incomplete() const { return incomplete_; }
  /// What could not be read of any process, or of /proc itself.
  const ErrorTally& errors() const { return errors_; }

  /// The process that has `pid`, or null.
  const FoundProcess* Find(pid_t pid) const;
  /// The pids of the processes whose parent has `pid`, sorted.
  std::span<const pid_t> ChildrenOf(pid_t pid) const;
  /// The answer for a matcher, or null if this look did not judge by it.
  const Answer* Find(const Matcher& matcher) const;

 private:
  std::chrono::steady_clock::time_point began_;
  std::vector<FoundProcess> processes_;
  std::shared_ptr<const RuleBook> rules_;
  std::vector<Answer> answers_;
  ErrorTally errors_;
  bool incomplete_;
  std::unordered_map<const Matcher*, RuleBook::Index> places_;
  /// Sorted by parent and pid; the parents in one list, their children in the
  /// other at the same place.
  std::vector<pid_t> parents_;
  std::vector<pid_t> children_;
};

}  // namespace leak_exporter
