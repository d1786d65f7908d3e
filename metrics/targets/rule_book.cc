#include "metrics/targets/rule_book.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <iterator>
#include <optional>

namespace leak_exporter {

/// The patterns of all rules, searched for in one pass.
class RuleBook::PatternSet {
 public:
  explicit PatternSet(const Rules& rules) : set_(Quiet(), RE2::UNANCHORED) {
    for (Index rule = 0; rule < rules.size(); ++rule) {
      for (const std::string& pattern : rules[rule]->cmdlines()) {
        if (set_.Add(pattern, /*error=*/nullptr) >= 0) rule_of_.push_back(rule);
      }
    }
    compiled_ = !rule_of_.empty() && set_.Compile();
  }

  /// The rules of which a pattern is found, sorted. Absent if the set needs
  /// more memory than it may take; each rule can still be asked by itself.
  std::optional<std::vector<Index>> Search(const std::string& arguments) const {
    std::vector<int> found;
    RE2::Set::ErrorInfo error{RE2::Set::kNoError};
    if (!compiled_) return std::nullopt;
    if (!set_.Match(arguments, &found, &error) &&
        error.kind != RE2::Set::kNoError) {
      return std::nullopt;
    }
    std::vector<Index> rules;
    for (const int index : found) {
      rules.push_back(rule_of_[static_cast<size_t>(index)]);
    }
    std::sort(rules.begin(), rules.end());
    return rules;
  }

 private:
  static RE2::Options Quiet() {
    RE2::Options options;
    options.set_log_errors(false);
    return options;
  }

  RE2::Set set_;
  std::vector<Index> rule_of_;
  bool compiled_ = false;
};

RuleBook::RuleBook(Rules rules)
    : rules_(std::move(rules)),
      patterns_(std::make_unique<const PatternSet>(rules_)) {
  for (Index rule = 0; rule < rules_.size(); ++rule) {
    if (rules_[rule]->comms().empty()) for_any_comm_.push_back(rule);
    for (const std::string& comm : rules_[rule]->comms()) {
      std::vector<Index>& same = by_comm_[comm];
      if (same.empty() || same.back() != rule) same.push_back(rule);
    }
  }
}

RuleBook::~RuleBook() = default;

std::vector<RuleBook::Index> RuleBook::CandidatesFor(
    const std::string& comm) const {
  const auto named = by_comm_.find(comm);
  if (named == by_comm_.end()) return for_any_comm_;
  std::vector<Index> candidates;
  std::merge(named->second.begin(), named->second.end(), for_any_comm_.begin(),
             for_any_comm_.end(), std::back_inserter(candidates));
  return candidates;
}

RuleBook::Judgement RuleBook::Judge(const std::vector<Index>& candidates,
                                    ProcessFacts& facts) const {
  Judgement judgement;
  bool searched = false;
  std::optional<std::vector<Index>> found;
  for (const Index rule : candidates) {
    const auto search = [&](const std::string& arguments) {
      if (!std::exchange(searched, true)) found = patterns_->Search(arguments);
      return found ? std::binary_search(found->begin(), found->end(), rule)
                   : rules_[rule]->MatchesArguments(arguments);
    };
    const auto judged = rules_[rule]->MatchesProcess(facts, search);
    if (judged.error) judgement.errors.emplace_back(rule, *judged.error);
    if (judged.answer == Matcher::Answer::kYes) {
      judgement.matches.push_back(rule);
    } else if (judged.answer == Matcher::Answer::kLater) {
      judgement.later.push_back(rule);
    }
  }
  return judgement;
}

}  // namespace leak_exporter
