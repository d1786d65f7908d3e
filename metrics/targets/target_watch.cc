#include "metrics/targets/target_watch.h"

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "metrics/base/helper_comm.h"
#include "metrics/procfs/pids.h"
#include "metrics/targets/ancestry.h"

namespace leak_exporter {
namespace {

/// For each matched process the topmost matched one above it, or itself.
std::unordered_map<pid_t, pid_t> FindTops(const std::vector<pid_t>& matched,
                                          MachineProcesses& machine) {
  const std::unordered_set<pid_t> pids(matched.begin(), matched.end());
  std::unordered_map<pid_t, pid_t> tops;
  for (const pid_t pid : pids) {
    tops.emplace(pid,
                 pids.size() == 1 ? pid : TopmostAncestor(pid, pids, machine));
  }
  return tops;
}

/// Whether the exporter started the process for itself.
bool IsHelper(const FoundProcess& process, std::optional<pid_t> own_pid) {
  return own_pid && process.parent_pid == *own_pid &&
         process.program.comm == kHelperComm;
}

}  // namespace

TargetWatch::TargetWatch(const config::TargetConfig& target,
                         const procfs::ProcFs& fs, const WatchLimits& limits,
                         UserLookup look_up_user)
    : rules_(target.match),
      limits_(limits),
      look_up_user_(std::move(look_up_user)),
      table_(fs, limits.most_descriptors) {}

TargetWatch::Discovery TargetWatch::Measure(const Clock& clock,
                                            const Deadline& deadline) {
  MachineProcesses machine(table_.fs(), kernel_threads_);
  return Measure(clock, deadline, machine);
}

TargetWatch::Discovery TargetWatch::Measure(const Clock& clock,
                                            const Deadline& deadline,
                                            MachineProcesses& machine) {
  Discovery discovery;
  const DiscoveryTime now = DiscoveryTime::Now(clock);
  table_.BeginGeneration(now);
  TreeWalk walk(table_, machine, limits_.most_processes, deadline,
                discovery.errors);
  if (PrepareRules(discovery.errors)) {
    selector_->BeginGeneration(now.since_boot);
    ChooseAndAddMains({machine, walk, deadline, discovery.errors});
  }
  discovery.tree = walk.Finish();
  if (deadline.Expired()) {
    discovery.errors.Add(ErrorCause::kTimeout,
                         "the processes were not found before the deadline");
    discovery.incomplete = true;
  }
  if (discovery.errors.exhausted() || machine.exhausted()) {
    discovery.incomplete = true;
  }
  if (discovery.incomplete) {
    discovery.tree = {};
    return discovery;
  }
  if (selector_) selector_->EndGeneration();
  table_.EndGeneration();
  mains_.clear();
  for (const ProcessSample& main : discovery.tree.main) {
    mains_.push_back(main.pid());
  }
  return discovery;
}

bool TargetWatch::PrepareRules(ErrorTally& errors) {
  if (matcher_) return true;
  auto matcher = Matcher::Compile(rules_, look_up_user_);
  if (!matcher) {
    errors.Add(matcher.error());
    return false;
  }
  matcher_.emplace(*std::move(matcher));
  selector_.emplace(*matcher_, table_.fs());
  return true;
}

void TargetWatch::ChooseAndAddMains(const Work& work) {
  if (matcher_->names_pids()) {
    AddMains(Choose(matcher_->NamedPids(work.errors), work), work);
  } else {
    SearchEverywhere(work);
  }
}

void TargetWatch::SearchEverywhere(const Work& work) {
  Pids matched = Choose(mains_, work);
  AddMains(matched, work);
  // Whoever descends from a main process needs no look of its own.
  work.walk.Descend();
  const Pids more = ChooseFromAll(work);
  if (more.empty()) {
    // Where pid 1 is hidden, so are all processes of other users.
    if (matched.empty()) AddHidden(1, work.errors);
    return;
  }
  const size_t known = matched.size();
  matched.insert(matched.end(), more.begin(), more.end());
  AddMains(matched, work);
  const auto tops = FindTops(matched, work.machine);
  for (size_t i = 0; i < known; ++i) {
    const pid_t pid = matched[i];
    if (tops.at(pid) != pid) work.walk.PutBelow(pid, tops.at(pid));
  }
}

TargetWatch::Pids TargetWatch::Choose(const Pids& pids, const Work& work) {
  Pids chosen;
  for (const pid_t pid : pids) {
    if (work.deadline.Expired()) break;
    const auto& process = work.machine.Find(pid);
    if (Matches(process, work.errors)) chosen.push_back(pid);
    if (!process && IsGone(process.error())) AddHidden(pid, work.errors);
  }
  return chosen;
}

TargetWatch::Pids TargetWatch::ChooseFromAll(const Work& work) {
  Pids chosen;
  const auto& listing = work.machine.List();
  if (!listing) {
    work.errors.Add(listing.error());
    return chosen;
  }
  for (const procfs::NumberedEntry& entry : listing->entries) {
    if (work.deadline.Expired()) break;
    const pid_t pid = entry.number;
    if (pid == listing->own_pid || work.walk.IsMember(pid)) continue;
    const auto& process = work.machine.Find(entry);
    if (process && IsHelper(*process, listing->own_pid)) continue;
    if (Matches(process, work.errors)) chosen.push_back(pid);
  }
  return chosen;
}

bool TargetWatch::Matches(const Result<FoundProcess>& process,
                          ErrorTally& errors) {
  if (process) return selector_->Matches(*process, errors);
  errors.Add(process.error());
  return false;
}

void TargetWatch::AddHidden(pid_t pid, ErrorTally& errors) const {
  if (!procfs::IsHidden(table_.fs(), pid)) return;
  errors.Add(ErrorCause::kPermission,
             table_.fs().root() +
                 " hides other users' processes (hidepid), and the target may "
                 "be one of them; CAP_SYS_PTRACE shows them");
}

void TargetWatch::AddMains(const Pids& matched, const Work& work) {
  const auto tops = FindTops(matched, work.machine);
  for (const pid_t pid : matched) {
    if (tops.at(pid) != pid || work.walk.IsMember(pid)) continue;
    auto reading = table_.Read(pid);
    if (reading) {
      work.walk.AddMain(*std::move(reading));
    } else {
      work.errors.Add(reading.error());
    }
  }
}

}  // namespace leak_exporter
