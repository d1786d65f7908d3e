#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

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

void AddChildAges(const LimitedRows<ChildProcess>& children,
                  const TargetSink& out) {
  AddDropped(kChildAgeSeconds, children, out);
  out.families.Reserve(kChildAgeSeconds, children.own.size());
  children.ForEach([&](const ChildProcess& child) {
    out.families.Add(kChildAgeSeconds,
                     {out.target, PidLabel(child.pid), RepairUtf8(child.comm),
                      kProcessStates[ProcessStateIndex(child.state)]},
                     child.age_seconds);
  });
}

void AddZombies(const LimitedRows<ChildProcess>& zombies,
                const TargetSink& out) {
  zombies.ForEach([&](const ChildProcess& zombie) {
    out.families.Add(kZombieUnreapedSeconds, {out.target, PidLabel(zombie.pid)},
                     zombie.unreaped_seconds);
  });
  AddDropped(kZombieUnreapedSeconds, zombies, out);
}

}  // namespace

void AddPart(const ProcessTreeSnapshot& tree, const LimitedLists& lists,
             const TargetSink& out) {
  AddContainers(tree, out);
  AddStates(tree, out);
  AddOldest(tree, out);
  AddChildAges(lists.children_by_age, out);
  AddZombies(lists.children_by_time_unreaped, out);
}

}  // namespace leak_exporter::render
