#include "exporter/debug/growing_children.h"

#include <algorithm>
#include <utility>

namespace leak_exporter {

render::ShownChildren GrowingChildren::Update(const Snapshot& snapshot) {
  render::ShownChildren most;
  std::map<std::string, Objects> now;
  for (const TargetSnapshot& target : snapshot.targets) {
    if (!target.python_heap) continue;
    Objects& objects = now[target.target];
    const Objects& before = before_[target.target];
    uint64_t largest = 0;
    for (const PythonProcessUsage& process : target.python_heap->usage) {
      if (process.is_main) continue;
      const ProcessId id{process.pid, process.start_time_ticks};
      objects[id] = process.objects;
      const auto known = before.find(id);
      if (known == before.end() || process.objects <= known->second) continue;
      const uint64_t growth = process.objects - known->second;
      // Only some have lists that can be shown.
      const auto& listed = target.python_heap->children;
      const bool is_listed =
          std::ranges::find(listed, process.pid, &PythonProcess::pid) !=
          listed.end();
      if (growth <= largest || !is_listed) continue;
      largest = growth;
      most[target.target] = process.pid;
    }
  }
  before_ = std::move(now);
  return most;
}

}  // namespace leak_exporter
