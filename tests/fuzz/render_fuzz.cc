#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/base/utf8.h"
#include "metrics/render/debug/debug_text.h"
#include "metrics/render/json/json.h"
#include "metrics/render/prometheus/metric_families.h"
#include "metrics/render/prometheus/openmetrics_text.h"
#include "tests/limit.h"

/// Names of processes, files and types are whatever the outside world makes
/// them: the input, cut at its NUL bytes, which names cannot hold. Whatever
/// they are, the exposition is UTF-8 without a label set that comes twice, and
/// the blocks have exactly their own lines.
namespace {

using namespace leak_exporter;
using namespace leak_exporter::render;

void Require(bool holds) {
  if (!holds) std::abort();
}

std::vector<std::string> Split(std::string_view input) {
  std::vector<std::string> names;
  while (!input.empty()) {
    const size_t end = std::min(input.find('\0'), input.size());
    names.emplace_back(input.substr(0, end));
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  return names;
}

Snapshot Named(const std::vector<std::string>& names) {
  auto tree = std::make_shared<ProcessTreeSnapshot>();
  auto mappings = std::make_shared<MappingsSnapshot>();
  auto files = std::make_shared<OpenFilesSnapshot>();
  auto disk = std::make_shared<DiskUsageSnapshot>();
  auto heap = std::make_shared<PythonHeapSnapshot>();
  mappings->processes = {{1, {}, 0}};
  files->processes = {{1, names}};
  heap->processes = {{1, "3.11.2", {}, {}, {}}};
  heap->sums.main.emplace();
  for (const std::string& name : names) {
    const auto pid = static_cast<pid_t>(2 + tree->children.size());
    tree->children.push_back({pid, 1, 'S', 1, name, std::nullopt});
    mappings->by_name.push_back({name, 1});
    mappings->processes[0].mappings.push_back({name, 1});
    disk->repository_caches.push_back({name, 1, true, 1, 1, {{}}, name});
    disk->temporary_directories.push_back({0, 1, name, {{}}, name});
    heap->sums.main->types.push_back({name, 1, 1});
    heap->processes[0].by_references.push_back({1, name, name});
  }
  Snapshot snapshot;
  TargetSnapshot& target = snapshot.targets.emplace_back();
  target.target = "target";
  target.main_processes = {{1, 0}};
  target.process_tree = std::move(tree);
  target.mappings = std::move(mappings);
  target.open_files = std::move(files);
  target.disk_usage = std::move(disk);
  target.python_heap = std::move(heap);
  return snapshot;
}

void CheckExposition(const Snapshot& snapshot, size_t top) {
  config::CollectorsConfig tops;
  tops.process_tree.top = tops.mappings.top = top;
  tops.disk_usage.top = tops.python_heap.top = top;
  const auto families = BuildFamilies(LimitAtOnce(snapshot, tops));
  size_t samples = 0;
  for (const auto& family : families) {
    std::set<std::vector<std::string>> label_sets;
    for (const auto& sample : family.metric) {
      std::vector<std::string> values;
      for (const auto& label : sample.label) values.push_back(label.value);
      Require(label_sets.insert(std::move(values)).second);
    }
    samples += family.metric.size();
  }
  std::string text;
  WriteFamilies(families, Dialect::kPrometheusText, text);
  Require(RepairUtf8(text) == text);
  const auto lines = static_cast<size_t>(std::ranges::count(text, '\n'));
  Require(lines == samples + 2 * families.size());
}

void CheckBlocks(const Snapshot& snapshot, size_t names) {
  const std::string blocks = DebugBlocks(snapshot, kDebugBlocks, false);
  Require(RepairUtf8(blocks) == blocks);
  // Marks and blank lines of four blocks, five headings and blank lines in
  // MEMORY and at most ten rows, the lines of PID and MAPPING's total, and
  // DISK's two or three.
  constexpr size_t kRows = 10;
  const size_t caches = std::max<size_t>(names, 1);
  const size_t own = 4 * 4 + 5 + 2 + 1 + 2;
  Require(static_cast<size_t>(std::ranges::count(blocks, '\n')) ==
          own + std::min(names, kRows) + caches + names + names);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<std::string> names =
      Split({reinterpret_cast<const char*>(data), size});
  const Snapshot snapshot = Named(names);
  CheckExposition(snapshot, names.size());
  CheckExposition(snapshot, names.size() / 2);
  CheckBlocks(snapshot, names.size());
  Require(BlocksJson(snapshot, kDebugBlocks).ends_with("}\n"));
  return 0;
}
