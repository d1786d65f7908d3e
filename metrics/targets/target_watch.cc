#include "metrics/targets/target_watch.h"

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "metrics/procfs/pids.h"
#include "metrics/targets/ancestry.h"
#include "metrics/targets/child_lists.h"
#include "metrics/targets/tree_walk.h"

namespace leak_exporter {
namespace {

/// For each matched process the topmost matched one above it, or itself.
std::unordered_map<pid_t, pid_t> FindTops(
    const std::vector<pid_t>& matched,
    const std::function<std::optional<pid_t>(pid_t)>& parent_of) {
  const std::unordered_set<pid_t> pids(matched.begin(), matched.end());
  std::unordered_map<pid_t, pid_t> tops;
  for (const pid_t pid : pids) {
    tops.emplace(
        pid, pids.size() == 1 ? pid : TopmostAncestor(pid, pids, parent_of));
  }
  return tops;
}

}  // namespace

TargetWatch::TargetWatch(const config::TargetConfig& target,
                         const procfs::ProcFs& fs, const WatchLimits& limits,
                         UserLookup look_up_user)
    : rules_(target.match),
      limits_(limits),
      look_up_user_(std::move(look_up_user)),
      table_(fs, limits.most_descriptors),
      verdicts_(table_.fs()),
      machine_(table_.fs()) {}

std::shared_ptr<const Matcher> TargetWatch::MatcherForLooks() {
  // The first discovery says what is wrong.
  ErrorTally unsaid;
  const bool ready = rules_.users.empty() && PrepareRules(unsaid);
  return ready && !matcher_->names_pids() ? matcher_ : nullptr;
}

TargetWatch::Discovery TargetWatch::Measure(const Clock& clock,
                                            const Deadline& deadline) {
  return Measure(clock, deadline,
                 [this, &clock](const std::shared_ptr<const Matcher>& matcher,
                                const Deadline& until) {
                   return machine_.Look({matcher}, clock, until);
                 });
}

TargetWatch::Discovery TargetWatch::Measure(const Clock& clock,
                                            const Deadline& deadline,
                                            const LookAtMachine& look) {
  Discovery discovery;
  table_.BeginGeneration(DiscoveryTime::Now(clock));
  discovery.tree.generation = table_.generation();
  if (PrepareRules(discovery.errors)) {
    if (matcher_->names_pids()) {
      MeasureNamed(clock, deadline, discovery);
    } else {
      MeasureByLook(deadline, look, discovery);
    }
  }
  if (deadline.Expired()) {
    discovery.errors.Add(ErrorCause::kTimeout,
                         "the processes were not found before the deadline");
    discovery.incomplete = true;
  }
  discovery.incomplete = discovery.incomplete || discovery.errors.exhausted();
  if (discovery.incomplete) {
    discovery.tree = {};
    return discovery;
  }
  table_.EndGeneration();
  return discovery;
}

bool TargetWatch::PrepareRules(ErrorTally& errors) {
  if (matcher_) return true;
  auto matcher = Matcher::Compile(rules_, look_up_user_);
  if (!matcher) {
    errors.Add(matcher.error());
    return false;
  }
  matcher_ = std::make_shared<const Matcher>(*std::move(matcher));
  verdicts_.SetRules(
      std::make_shared<const RuleBook>(RuleBook::Rules{matcher_}));
  return true;
}

void TargetWatch::MeasureNamed(const Clock& clock, const Deadline& deadline,
                               Discovery& discovery) {
  MachineProcesses machine(table_.fs(), kernel_threads_);
  KernelChildLists child_lists(table_, machine, deadline, discovery.errors);
  TreeWalk walk(table_, child_lists, limits_.most_processes, deadline,
                discovery.errors);
  verdicts_.BeginGeneration(clock.SinceBoot());
  const Pids matched = Choose(matcher_->NamedPids(discovery.errors), machine,
                              deadline, discovery.errors);
  const auto parent_of = [&machine](pid_t pid) -> std::optional<pid_t> {
    const auto& process = machine.Find(pid);
    if (!process) return std::nullopt;
    return process->parent_pid;
  };
  AddMains(matched, parent_of, walk, discovery.errors);
  discovery.tree = walk.Finish();
  discovery.incomplete = machine.exhausted() || !walk.knows_all_mains();
  if (!discovery.incomplete) verdicts_.EndGeneration();
}

void TargetWatch::MeasureByLook(const Deadline& deadline,
                                const LookAtMachine& look_at_machine,
                                Discovery& discovery) {
  const auto look = look_at_machine(matcher_, deadline);
  const auto* const answer = look != nullptr ? look->Find(*matcher_) : nullptr;
  if (answer == nullptr || look->incomplete()) {
    if (look != nullptr) discovery.errors.Add(look->errors());
    discovery.incomplete = true;
    return;
  }
  discovery.errors.Add(look->errors());
  discovery.errors.Add(answer->errors);
  LookChildLists child_lists(*look);
  TreeWalk walk(table_, child_lists, limits_.most_processes, deadline,
                discovery.errors);
  const auto parent_of = [&look](pid_t pid) -> std::optional<pid_t> {
    const FoundProcess* const process = look->Find(pid);
    if (process == nullptr) return std::nullopt;
    return process->parent_pid;
  };
  AddMains(answer->matches, parent_of, walk, discovery.errors);
  // Where pid 1 is hidden, so are all processes of other users.
  if (answer->matches.empty()) AddHidden(1, discovery.errors);
  discovery.tree = walk.Finish();
  discovery.incomplete = !walk.knows_all_mains();
}

TargetWatch::Pids TargetWatch::Choose(const Pids& pids,
                                      MachineProcesses& machine,
                                      const Deadline& deadline,
                                      ErrorTally& errors) {
  Pids chosen;
  for (const pid_t pid : pids) {
    if (deadline.Expired()) break;
    const auto& process = machine.Find(pid);
    if (!process) {
      errors.Add(process.error());
      if (IsGone(process.error())) AddHidden(pid, errors);
      continue;
    }
    const Verdicts::Verdict& verdict = verdicts_.Judge(*process);
    for (const auto& [rule, error] : verdict.errors) errors.Add(error);
    if (!verdict.matches.empty()) chosen.push_back(pid);
  }
  return chosen;
}

void TargetWatch::AddHidden(pid_t pid, ErrorTally& errors) const {
  if (!procfs::IsHidden(table_.fs(), pid)) return;
  errors.Add(ErrorCause::kPermission,
             table_.fs().root() +
                 " hides other users' processes (hidepid), and the target may "
                 "be one of them; CAP_SYS_PTRACE shows them");
}

void TargetWatch::AddMains(const Pids& matched, const ParentOf& parent_of,
                           TreeWalk& walk, ErrorTally& errors) {
  const auto tops = FindTops(matched, parent_of);
  for (const pid_t pid : matched) {
    if (tops.at(pid) != pid || walk.IsMember(pid)) continue;
    auto reading = table_.Read(pid);
    if (reading) {
      walk.AddMain(*std::move(reading));
    } else {
      errors.Add(reading.error());
    }
  }
}

}  // namespace leak_exporter
