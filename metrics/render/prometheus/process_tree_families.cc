#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "metrics/base/utf8.h"
#include "metrics/render/prometheus/target_sink.h"
#include "metrics/render/support/process_state.h"

namespace leak_exporter::render {
namespace {

using enum MetricId;

void AddContainers(const ProcessTreeSnapshot& tree, const TargetSink& out) {
  for (const Container& container : tree.containers) {
    out.families.Add(kTargetContainerInfo,
                     {out.target, PidLabel(container.main_pid), container.id,
                      container.pod_uid, RepairUtf8(container.cgroup)},
                     1);
  }
}

void AddStates(const ProcessTreeSnapshot& tree, const TargetSink& out) {
  std::array<uint64_t, kProcessStates.size()> counts{};
  for (const ChildProcess& child : tree.children) {
    ++counts[ProcessStateIndex(child.state)];
  }
  for (size_t i = 0; i < counts.size(); ++i) {
    if (i >= kConstantProcessStates && counts[i] == 0) continue;
    out.families.Add(kChildProcesses, {out.target, kProcessStates[i]},
                     counts[i]);
  }
}

void AddOldest(const ProcessTreeSnapshot& tree, const TargetSink& out) {
  std::optional<double> living;
  std::optional<double> zombie;
  for (const ChildProcess& child : tree.children) {
    std::optional<double>& oldest = child.state == 'Z' ? zombie : living;
    oldest = std::max(oldest.value_or(0), child.age_seconds);
  }
  out.families.Add(kChildOldestAgeSeconds, {out.target}, living);
  out.families.Add(kZombieOldestAgeSeconds, {out.target}, zombie);
}

void AddChildAges(const ProcessTreeSnapshot& tree, const TargetSink& out) {
  size_t left = std::min(tree.top, tree.children.size());
  AddDropped(kChildAgeSeconds, tree.children.size() - left, out);
  out.families.Reserve(kChildAgeSeconds, left);
  for (const bool zombies : {true, false}) {
    for (const ChildProcess& child : tree.children) {
      if (left == 0) return;
      if ((child.state == 'Z') != zombies) continue;
      out.families.Add(kChildAgeSeconds,
                       {out.target, PidLabel(child.pid), RepairUtf8(child.comm),
                        kProcessStates[ProcessStateIndex(child.state)]},
                       child.age_seconds);
      --left;
    }
  }
}

void AddZombies(const ProcessTreeSnapshot& tree, const TargetSink& out) {
  std::vector<std::pair<double, pid_t>> zombies;
  for (const ChildProcess& child : tree.children) {
    if (child.unreaped_seconds) {
      zombies.emplace_back(*child.unreaped_seconds, child.pid);
    }
  }
  const size_t top = std::min(tree.top, zombies.size());
  std::ranges::partial_sort(zombies,
                            zombies.begin() + static_cast<std::ptrdiff_t>(top),
                            std::ranges::greater());
  for (size_t i = 0; i < top; ++i) {
    out.families.Add(kZombieUnreapedSeconds,
                     {out.target, PidLabel(zombies[i].second)},
                     zombies[i].first);
  }
  AddDropped(kZombieUnreapedSeconds, zombies.size() - top, out);
}

}  // namespace

void AddProcessTree(const ProcessTreeSnapshot& tree, const TargetSink& out) {
  AddContainers(tree, out);
  AddStates(tree, out);
  AddOldest(tree, out);
  AddChildAges(tree, out);
  AddZombies(tree, out);
}

}  // namespace leak_exporter::render
