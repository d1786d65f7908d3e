#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "metrics/base/result.h"
#include "metrics/targets/matcher.h"
#include "metrics/targets/process_facts.h"

namespace re2 {
class RE2;
}

namespace leak_exporter {

/// The rules of all targets, in one place, so that a process is asked once for
/// what several rules want to know, and its command line is searched once for
/// the patterns of all of them. Immutable; thread-safe.
class RuleBook {
 public:
  /// A rule's place in the list that the book was made from.
  using Index = uint32_t;
  using Rules = std::vector<std::shared_ptr<const Matcher>>;

  explicit RuleBook(Rules rules);
  RuleBook(const RuleBook&) = delete;
  RuleBook& operator=(const RuleBook&) = delete;
  ~RuleBook();

  const Rules& rules() const { return rules_; }

  /// The rules whose condition on the comm holds, in their order.
  std::vector<Index> CandidatesFor(const std::string& comm) const;

  struct Judgement {
    /// The candidates that match, and those that wait for another look.
    std::vector<Index> matches;
    std::vector<Index> later;
    /// What could not be read for a candidate, which does not match.
    std::vector<std::pair<Index, Error>> errors;
  };
  Judgement Judge(const std::vector<Index>& candidates,
                  ProcessFacts& facts) const;

 private:
  class PatternSet;

  Rules rules_;
  std::unordered_map<std::string, std::vector<Index>> by_comm_;
  /// The rules without a condition on the comm.
  std::vector<Index> for_any_comm_;
  std::unique_ptr<const PatternSet> patterns_;
};

}  // namespace leak_exporter
