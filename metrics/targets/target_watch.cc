#include "metrics/targets/target_watch.h"

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "metrics/targets/ancestry.h"

namespace leak_exporter {
namespace {

using Matched = std::vector<MatchedProcess>;

/// For each matched process the topmost matched one above it, or itself.
std::unordered_map<pid_t, pid_t> FindTops(const Matched& matched,
                                          const procfs::ProcFs& fs) {
  Ancestry ancestry(fs);
  std::unordered_set<pid_t> pids;
  for (const MatchedProcess& process : matched) {
    ancestry.Know(process.pid, process.parent_pid);
    pids.insert(process.pid);
  }
  std::unordered_map<pid_t, pid_t> tops;
  for (const pid_t pid : pids) {
    tops.emplace(pid, pids.size() == 1 ? pid : ancestry.Topmost(pid, pids));
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
  Discovery discovery;
  const DiscoveryTime now = DiscoveryTime::Now(clock);
  table_.BeginGeneration(now);
  TreeWalk walk(table_, limits_.most_processes, discovery.errors);
  if (PrepareRules(discovery.errors)) {
    selector_->BeginGeneration(now.since_boot);
    if (matcher_->names_pids()) {
      AddMains(selector_->Select(matcher_->NamedPids(discovery.errors),
                                 discovery.errors),
               walk, discovery.errors);
    } else {
      SearchEverywhere(selector_->Select(mains_, discovery.errors), walk,
                       discovery.errors);
    }
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

void TargetWatch::AddMains(const Matched& matched, TreeWalk& walk,
                           ErrorTally& errors) {
  const auto tops = FindTops(matched, table_.fs());
  for (const MatchedProcess& process : matched) {
    if (tops.at(process.pid) != process.pid || walk.IsMember(process.pid)) {
      continue;
    }
    auto reading = table_.Read(process.pid);
    if (reading) {
      walk.AddMain(*std::move(reading));
    } else {
      errors.Add(reading.error());
    }
  }
}

void TargetWatch::SearchEverywhere(Matched matched, TreeWalk& walk,
                                   ErrorTally& errors) {
  AddMains(matched, walk, errors);
  // Whoever descends from a main process needs no look of its own.
  walk.Descend();
  const Matched more = selector_->SelectFromAll(
      [&walk](pid_t pid) { return walk.IsMember(pid); }, errors);
  if (more.empty()) return;
  const size_t known = matched.size();
  matched.insert(matched.end(), more.begin(), more.end());
  AddMains(matched, walk, errors);
  const auto tops = FindTops(matched, table_.fs());
  for (size_t i = 0; i < known; ++i) {
    const pid_t pid = matched[i].pid;
    if (tops.at(pid) != pid) walk.PutBelow(pid, tops.at(pid));
  }
}

}  // namespace leak_exporter
