#include "exporter/http/handlers/withhold_values.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace leak_exporter::http {
namespace {

bool MaySee(const Trust& trust, const UserOf& user_of,
            const TargetSnapshot& target) {
  return trust.MaySeeEverything() ||
         std::ranges::all_of(target.main_processes,
                             [&](const MainProcess& process) {
                               return trust.MaySee(user_of(process));
                             });
}

void ShowTypes(std::vector<PythonObjectRow>& rows) {
  for (PythonObjectRow& row : rows) row.repr = row.type_repr;
}

/// The parts of a snapshot are shared with others, so that they are copied.
void Withhold(TargetSnapshot& target) {
  if (target.python_heap) {
    auto heap = std::make_shared<PythonHeapSnapshot>(*target.python_heap);
    for (auto* processes : {&heap->processes, &heap->children}) {
      for (PythonProcess& process : *processes) {
        ShowTypes(process.by_references);
        ShowTypes(process.by_bytes);
      }
    }
    target.python_heap = std::move(heap);
  }
  if (target.open_files) {
    auto files = std::make_shared<OpenFilesSnapshot>(*target.open_files);
    for (ProcessOpenFiles& process : files->processes) {
      if (process.paths.empty()) continue;
      process.paths = {std::to_string(process.paths.size()) +
                       " (paths withheld from this client)"};
    }
    target.open_files = std::move(files);
  }
}

}  // namespace

void WithholdValues(const Trust& trust, const UserOf& user_of,
                    Snapshot& snapshot) {
  for (TargetSnapshot& target : snapshot.targets) {
    if (!MaySee(trust, user_of, target)) Withhold(target);
  }
}

}  // namespace leak_exporter::http
