#include "metrics/render/prometheus/metric_families.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "metrics/base/utf8.h"
#include "tests/catch.h"
#include "tests/metrics/render/prometheus/samples.h"
#include "tests/metrics/render/sample_snapshot.h"

namespace leak_exporter::render {
namespace {

void CheckNoDuplicates(const std::vector<prometheus::MetricFamily>& families) {
  std::set<std::string> names;
  for (const prometheus::MetricFamily& family : families) {
    INFO(family.name);
    CHECK(names.insert(family.name).second);
    CHECK_FALSE(family.metric.empty());
    std::set<std::vector<std::pair<std::string, std::string>>> label_sets;
    for (const prometheus::ClientMetric& sample : family.metric) {
      std::vector<std::pair<std::string, std::string>> labels;
      for (const auto& label : sample.label) {
        CHECK(RepairUtf8(label.value) == label.value);
        labels.emplace_back(label.name, label.value);
      }
      CHECK(label_sets.insert(std::move(labels)).second);
    }
  }
}

TEST_CASE("families: no label set comes twice, no family is empty") {
  const ExporterStatus status = SampleExporterStatus();
  CheckNoDuplicates(
      BuildFamilies(LimitAtOnce(RichSnapshot(), RichTops()), &status));
  CheckNoDuplicates(BuildFamilies(LimitAtOnce(QuietSnapshot())));
}

TEST_CASE("families: every part of the snapshot has a family") {
  const auto families = BuildFamilies(LimitAtOnce(RichSnapshot()));
  ForEachPart([&](CollectorId id, auto part) {
    Snapshot snapshot = RichSnapshot();
    for (TargetSnapshot& target : snapshot.targets) target.*part = nullptr;
    INFO(NameOf(id));
    CHECK(BuildFamilies(LimitAtOnce(std::move(snapshot))).size() <
          families.size());
  });
}

TEST_CASE("families: when the oldest and the youngest process started") {
  Snapshot snapshot;
  snapshot.targets.emplace_back().target = "t";
  auto& processes = snapshot.targets[0].main_processes;
  const auto samples = [&](const char* name) {
    return SamplesOf(BuildFamilies(LimitAtOnce(snapshot)), name);
  };
  CHECK(samples("leak_target_oldest_start_time_seconds").empty());
  processes = {{5, 1700.5, {}}, {6, 1600.25, {}}, {7, 1800, {}}};
  CHECK(samples("leak_target_oldest_start_time_seconds") ==
        std::vector<std::string>{"{target=t} 1600.25"});
  CHECK(samples("leak_target_youngest_start_time_seconds") ==
        std::vector<std::string>{"{target=t} 1800"});
}

TEST_CASE("families: a target without a process keeps its count and its runs") {
  Snapshot snapshot = RichSnapshot();
  snapshot.targets = {snapshot.targets[1]};
  std::set<std::string> names;
  for (const auto& family : BuildFamilies(LimitAtOnce(snapshot))) {
    names.insert(family.name);
  }
  CHECK(names == std::set<std::string>{
                     "leak_target_processes", "leak_scrape_collector_success",
                     "leak_scrape_collector_duration_seconds",
                     "leak_scrape_collector_timestamp_seconds",
                     "leak_scrape_collector_errors"});
  CHECK(SamplesOf(snapshot, "leak_target_processes") ==
        Lines{"{target=ended} 0"});
}

TEST_CASE("families: errors are counted by cause, every cause always") {
  TargetSnapshot target;
  target.runs = {{CollectorId::kMemory,
                  true,
                  0.5,
                  2.25,
                  {{ErrorCause::kPermission, 3, ""},
                   {ErrorCause::kIo, 1, ""},
                   {ErrorCause::kInternal, 2, ""}}}};
  const Snapshot snapshot = OneTarget(target);
  CHECK(SamplesOf(snapshot, "leak_scrape_collector_errors") ==
        Lines{"{target=t,collector=memory,cause=permission} 3",
              "{target=t,collector=memory,cause=io} 1",
              "{target=t,collector=memory,cause=malformed} 0",
              "{target=t,collector=memory,cause=limit} 0",
              "{target=t,collector=memory,cause=timeout} 0",
              "{target=t,collector=memory,cause=unsupported} 0",
              "{target=t,collector=memory,cause=not_python} 0",
              "{target=t,collector=memory,cause=internal} 2"});
  CHECK(SamplesOf(snapshot, "leak_scrape_collector_timestamp_seconds") ==
        Lines{"{target=t,collector=memory} 2.25"});
}

TEST_CASE("families: a run without a result has the errors it met, no zeros") {
  TargetSnapshot target;
  target.runs = {{CollectorId::kMemory,
                  false,
                  0.5,
                  std::nullopt,
                  {{ErrorCause::kTimeout, 1, ""}}}};
  const Snapshot snapshot = OneTarget(target);
  CHECK(SamplesOf(snapshot, "leak_scrape_collector_success") ==
        Lines{"{target=t,collector=memory} 0"});
  CHECK(SamplesOf(snapshot, "leak_scrape_collector_errors") ==
        Lines{"{target=t,collector=memory,cause=timeout} 1"});
  CHECK(SamplesOf(snapshot, "leak_scrape_collector_timestamp_seconds").empty());
}

TEST_CASE("families: random bytes for names never make a label set twice") {
  std::mt19937 random(20240711);
  // Few bytes, many of them ill-formed, so that names often become equal.
  const std::string alphabet = "\xC3\xE2\x82\xFF\x80\"\\\n(other)";
  const auto name = [&] {
    std::string bytes(random() % 4, '\0');
    for (char& byte : bytes) byte = alphabet[random() % alphabet.size()];
    return bytes;
  };
  for (int round = 0; round < 200; ++round) {
    TargetSnapshot target;
    auto tree = std::make_shared<ProcessTreeSnapshot>();
    auto mappings = std::make_shared<MappingsSnapshot>();
    auto disk = std::make_shared<DiskUsageSnapshot>();
    auto heap = std::make_shared<PythonHeapSnapshot>();
    heap->processes = {{1, name(), {}, {}, {}}};
    heap->sums.main.emplace();
    heap->sums.children.emplace();
    for (int i = 0; i < 30; ++i) {
      tree->children.push_back({100 + i, 1, 'S', 1, name(), std::nullopt});
      mappings->by_name.push_back({name(), 1});
      heap->sums.main->types.push_back({name(), 1, 1});
      heap->sums.children->types.push_back({name(), 1, 1});
      disk->repository_caches.push_back({name(), 1, true, 1, 1, {{}}, ""});
      disk->temporary_directories.push_back(
          {static_cast<pid_t>(random() % 2), 1, name(), {{}}, ""});
    }
    target.process_tree = tree;
    target.mappings = mappings;
    target.disk_usage = disk;
    target.python_heap = heap;
    for (const size_t top : {30, 7}) {
      config::CollectorsConfig tops;
      tops.mappings.top = tops.disk_usage.top = tops.python_heap.top = top;
      CheckNoDuplicates(BuildFamilies(LimitAtOnce(OneTarget(target), tops)));
    }
  }
}

}  // namespace
}  // namespace leak_exporter::render
