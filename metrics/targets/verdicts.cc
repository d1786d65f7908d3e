#include "metrics/targets/verdicts.h"

#include <algorithm>

#include "metrics/procfs/process_handle.h"
#include "metrics/procfs/stat.h"

namespace leak_exporter {
namespace {

using std::chrono::nanoseconds;

/// How long a process is young, and how long a verdict on an old one stands.
constexpr nanoseconds kSettling = std::chrono::minutes(1);
constexpr nanoseconds kShortest = std::chrono::seconds(1);

/// From 0 to kSettling, evenly over the pids.
nanoseconds SpreadBy(pid_t pid) {
  // Knuth's multiplicative hash: 2^32 divided by the golden ratio.
  const uint32_t hash = static_cast<uint32_t>(pid) * 2654435761U;
  return nanoseconds(static_cast<int64_t>(
      static_cast<double>(kSettling.count()) * (hash / 4294967296.0)));
}

}  // namespace

void Verdicts::SetRules(std::shared_ptr<const RuleBook> rules) {
  rules_ = std::move(rules);
  known_.clear();
}

void Verdicts::BeginGeneration(nanoseconds now) {
  now_ = now;
  ++generation_;
}

void Verdicts::EndGeneration() {
  std::erase_if(known_, [this](const auto& entry) {
    return entry.second.generation != generation_;
  });
}

const Verdicts::Verdict& Verdicts::Judge(const FoundProcess& process) {
  static const Verdict kNone;
  if (process.ended || rules_ == nullptr) return kNone;
  const auto [entry, is_new] = known_.try_emplace(process.pid);
  Known& known = entry->second;
  const bool first = is_new || known.program != process.program;
  if (first) {
    // What is seen to call exec is young again.
    const bool same_process = !is_new && known.program.start_time_ticks ==
                                             process.program.start_time_ticks;
    known = Known();
    known.program = process.program;
    known.born = same_process
                     ? now_
                     : procfs::StartSinceBoot(process.program.start_time_ticks);
  }
  known.generation = generation_;
  if (!Stands(known, process)) Decide(process, known, first);
  return known.verdict;
}

bool Verdicts::Stands(const Known& known, const FoundProcess& process) const {
  if (!known.due) return false;
  const bool matches = !known.verdict.matches.empty();
  if (process.kernel_thread && !matches) return true;
  if (!process.shows_exec() && matches) return false;
  return now_ < *known.due;
}

nanoseconds Verdicts::NextDue(const FoundProcess& process, const Known& known,
                              bool first) const {
  const nanoseconds age = now_ - known.born;
  if (age < kSettling) return now_ + std::clamp(age, kShortest, kSettling);
  return now_ + (first ? SpreadBy(process.pid) : kSettling);
}

void Verdicts::Decide(const FoundProcess& found, Known& known, bool first) {
  const auto candidates = rules_->CandidatesFor(found.program.comm);
  const bool reads = std::any_of(
      candidates.begin(), candidates.end(), [this](RuleBook::Index rule) {
        return rules_->rules()[rule]->reads_process();
      });
  if (!reads) {
    // Nothing but the comm was asked for.
    known.verdict = {candidates, {}};
    known.due = nanoseconds::max();
    return;
  }
  const auto process = procfs::ProcessHandle::Open(
      fs_, found.pid, procfs::ProcessHandle::Keep::kDescriptor);
  if (!process) {
    known.verdict = Verdict();
    for (const RuleBook::Index rule : candidates) {
      if (rules_->rules()[rule]->reads_process()) {
        known.verdict.errors.emplace_back(rule, process.error());
      } else {
        known.verdict.matches.push_back(rule);
      }
    }
    known.due.reset();
    return;
  }
  if (process->id().start_time_ticks != found.program.start_time_ticks) {
    // The pid has just become another's, who is judged in the next discovery.
    known.verdict = Verdict();
    known.due.reset();
    return;
  }
  ProcessFacts facts(*process, found.state, buffer_);
  auto judgement = rules_->Judge(candidates, facts);
  // Rights stay as they are. Whatever else failed may work the next time.
  const bool settled =
      judgement.later.empty() &&
      std::ranges::all_of(judgement.errors, [](const auto& entry) {
        return IsPermission(entry.second);
      });
  if (settled) {
    known.due = NextDue(found, known, first);
  } else {
    known.due.reset();
  }
  Keep(std::move(judgement), known);
}

/// A rule that has to wait keeps its verdict.
void Verdicts::Keep(RuleBook::Judgement judgement, Known& known) const {
  const auto& before = known.verdict.matches;
  for (const RuleBook::Index rule : judgement.later) {
    if (std::binary_search(before.begin(), before.end(), rule)) {
      judgement.matches.push_back(rule);
    }
  }
  std::sort(judgement.matches.begin(), judgement.matches.end());
  known.verdict = {std::move(judgement.matches), std::move(judgement.errors)};
}

}  // namespace leak_exporter
