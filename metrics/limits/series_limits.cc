#include "metrics/limits/series_limits.h"

#include <algorithm>
#include <utility>

namespace leak_exporter {
namespace {

// Enough to tell a worker that leaks from its siblings.
constexpr size_t kPythonProcesses = 20;

std::vector<size_t> ChooseDirectories(
    const std::vector<TemporaryDirectory>& directories, size_t top,
    HystereticTopN& memory) {
  std::vector<size_t> measured;
  for (size_t i = 0; i < directories.size(); ++i) {
    if (directories[i].usage) measured.push_back(i);
  }
  std::vector<size_t> chosen =
      memory.Choose(top, measured.size(), [&](size_t i) {
        const TemporaryDirectory& directory = directories[measured[i]];
        return std::to_string(directory.main_pid) + directory.path;
      });
  for (size_t& i : chosen) i = measured[i];
  return chosen;
}

std::vector<size_t> ChooseTypes(const std::optional<PythonHeapSums>& sums,
                                size_t top, HystereticTopN& memory) {
  if (!sums) return {};
  return memory.Choose(top, sums->types.size(),
                       [&](size_t i) { return sums->types[i].name; });
}

}  // namespace

void SeriesLimits::Configure(const config::Config& config) {
  config_ = config.collectors;
  std::map<std::string, TargetMemory> kept;
  for (const config::TargetConfig& target : config.targets) {
    kept[target.name] = std::move(targets_[target.name]);
  }
  targets_ = std::move(kept);
}

std::vector<RowChoice> SeriesLimits::Choose(const Snapshot& snapshot) {
  std::vector<RowChoice> choices;
  choices.reserve(snapshot.targets.size());
  for (const TargetSnapshot& target : snapshot.targets) {
    // One that a reload has just taken away is not remembered.
    TargetMemory none;
    const auto known = targets_.find(target.target);
    choices.push_back(
        ChooseFor(target, known == targets_.end() ? none : known->second));
  }
  return choices;
}

RowChoice SeriesLimits::ChooseFor(const TargetSnapshot& target,
                                  TargetMemory& memory) const {
  RowChoice choice;
  choice.children = config_.process_tree.top;
  if (target.mappings) {
    const auto& rows = target.mappings->by_name;
    choice.mappings =
        memory.mappings.Choose(config_.mappings.top, rows.size(),
                               [&](size_t i) { return rows[i].name; });
  }
  if (target.disk_usage) {
    choice.temporary_directories =
        ChooseDirectories(target.disk_usage->temporary_directories,
                          config_.disk_usage.top, memory.temporary_directories);
  }
  if (target.python_heap) {
    const auto& sums = target.python_heap->sums;
    choice.python_types = {ChooseTypes(sums.main, config_.python_heap.top,
                                       memory.python_types.main),
                           ChooseTypes(sums.children, config_.python_heap.top,
                                       memory.python_types.children)};
    const auto& usage = target.python_heap->usage;
    choice.python_processes = memory.python_processes.Choose(
        kPythonProcesses, usage.size(),
        [&](size_t i) { return std::to_string(usage[i].pid); });
  }
  return choice;
}

}  // namespace leak_exporter
