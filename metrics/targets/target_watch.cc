#include "metrics/targets/target_watch.h"

#include <unordered_map>
#include <unordered_set>
#include <utility>

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

}  // namespace

TargetWatch::TargetWatch(const config::TargetConfig& target,
                         const procfs::ProcFs& fs, const WatchLimits& limits)
    : rules_(target.match),
      limits_(limits),
      table_(fs, limits.most_descriptors) {}

TargetWatch::Discovery TargetWatch::Measure(const Clock& clock) {
  MachineProcesses machine(table_.fs(), kernel_threads_);
  return Measure(clock, machine);
}

TargetWatch::Discovery TargetWatch::Measure(const Clock& clock,
                                            MachineProcesses& machine) {
  Discovery discovery;
  const DiscoveryTime now = DiscoveryTime::Now(clock);
  table_.BeginGeneration(now);
  TreeWalk walk(table_, machine, limits_.most_processes, discovery.errors);
  if (PrepareRules(discovery.errors)) {
    selector_->BeginGeneration(now.since_boot);
    ChooseAndAddMains({machine, walk, discovery.errors});
    selector_->EndGeneration();
  }
  discovery.tree = walk.Finish();
  table_.EndGeneration();
  mains_.clear();
  for (const ProcessSample& main : discovery.tree.main) {
    mains_.push_back(main.pid());
  }
  return discovery;
}

bool TargetWatch::PrepareRules(ErrorTally& errors) {
  if (matcher_) return true;
  auto matcher = Matcher::Compile(rules_);
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
  if (more.empty()) return;
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
    if (Matches(work.machine.Find(pid), work.errors)) chosen.push_back(pid);
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
    const pid_t pid = entry.number;
    if (pid == listing->own_pid || work.walk.IsMember(pid)) continue;
    if (Matches(work.machine.Find(entry), work.errors)) chosen.push_back(pid);
  }
  return chosen;
}

bool TargetWatch::Matches(const Result<FoundProcess>& process,
                          ErrorTally& errors) {
  if (process) return selector_->Matches(*process, errors);
  errors.Add(process.error());
  return false;
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
