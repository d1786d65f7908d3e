#include "metrics/collectors/process_tree.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metrics/procfs/cgroup.h"

namespace leak_exporter {
namespace {

double SecondsFrom(std::chrono::nanoseconds then,
                   std::chrono::nanoseconds now) {
  const std::chrono::duration<double> seconds = now - then;
  return std::max(seconds.count(), 0.0);
}

ChildProcess Describe(const ProcessSample& sample,
                      std::chrono::nanoseconds now) {
  ChildProcess child;
  child.pid = sample.pid();
  child.main_pid = sample.main_pid;
  child.state = sample.status.state;
  child.age_seconds = SecondsFrom(sample.start_since_boot, now);
  child.comm = sample.status.name;
  if (sample.zombie_since_boot) {
    child.unreaped_seconds = SecondsFrom(*sample.zombie_since_boot, now);
  }
  return child;
}

std::optional<Container> FirstContainer(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const auto ids = procfs::ContainerIds(path);
    std::string pod_uid = procfs::PodUid(path);
    if (ids.empty() && pod_uid.empty()) continue;
    return Container{0, ids.empty() ? "" : std::string(ids.back()),
                     std::move(pod_uid), path};
  }
  return std::nullopt;
}

}  // namespace

bool ProcessTreeCollector::Collect(const CollectorContext& context,
                                   TargetSnapshot& snapshot,
                                   ErrorTally& errors) {
  if (!context.tree.whole) {
    errors.Add(ErrorCause::kLimit, "there are too many children to list them");
    return false;
  }
  using Place = std::pair<std::chrono::nanoseconds, pid_t>;
  const std::vector<ProcessSample>& samples = context.tree.descendants;
  // The start time's unit is coarse: those of one tick are in order of pids.
  std::vector<std::pair<Place, const ProcessSample*>> oldest_first;
  oldest_first.reserve(samples.size());
  for (const ProcessSample& sample : samples) {
    oldest_first.push_back({{sample.start_since_boot, sample.pid()}, &sample});
  }
  std::sort(oldest_first.begin(), oldest_first.end());

  const std::chrono::nanoseconds now = context.clock.SinceBoot();
  auto tree = std::make_shared<ProcessTreeSnapshot>();
  tree->children.reserve(samples.size());
  for (const auto& [place, sample] : oldest_first) {
    tree->children.push_back(Describe(*sample, now));
  }
  tree->containers = FindContainers(context, errors);
  snapshot.process_tree = std::move(tree);
  return true;
}

std::vector<Container> ProcessTreeCollector::FindContainers(
    const CollectorContext& context, ErrorTally& errors) {
  std::vector<Container> containers;
  for (const ProcessSample& main : context.tree.main) {
    const auto paths = procfs::ReadCgroup(*main.handle, context.buffer);
    if (!paths) {
      errors.Add(paths.error());
      continue;
    }
    if (auto container = FirstContainer(*paths)) {
      container->main_pid = main.pid();
      containers.push_back(*std::move(container));
    }
  }
  return containers;
}

}  // namespace leak_exporter
