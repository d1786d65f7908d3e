#include "metrics/render/prometheus/metric_families.h"

#include <algorithm>
#include <iomanip>
#include <memory>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/base/utf8.h"
#include "tests/catch.h"
#include "tests/metrics/render/sample_snapshot.h"

namespace leak_exporter::render {
namespace {

using Lines = std::vector<std::string>;

/// The samples of one family, as "{name=value,...} number".
Lines SamplesOf(const std::vector<prometheus::MetricFamily>& families,
                std::string_view name) {
  Lines samples;
  for (const prometheus::MetricFamily& family : families) {
    if (family.name != name) continue;
    for (const prometheus::ClientMetric& sample : family.metric) {
      std::ostringstream line;
      for (const auto& label : sample.label) {
        line << (line.tellp() == 0 ? '{' : ',') << label.name << '='
             << label.value;
      }
      line << "} " << std::setprecision(17) << sample.gauge.value;
      samples.push_back(line.str());
    }
  }
  return samples;
}

Lines SamplesOf(const Snapshot& snapshot, std::string_view name) {
  return SamplesOf(BuildFamilies(snapshot), name);
}

/// A snapshot of one target "t" with one main process.
Snapshot OneTarget(TargetSnapshot target) {
  target.target = "t";
  if (target.main_processes.empty()) target.main_processes = {{1, 0}};
  Snapshot snapshot;
  snapshot.targets = {std::move(target)};
  return snapshot;
}

Snapshot OneDisk(DiskUsageSnapshot disk) {
  TargetSnapshot target;
  target.disk_usage = std::make_shared<DiskUsageSnapshot>(std::move(disk));
  return OneTarget(std::move(target));
}

Snapshot OneTree(ProcessTreeSnapshot tree) {
  TargetSnapshot target;
  target.process_tree = std::make_shared<ProcessTreeSnapshot>(std::move(tree));
  return OneTarget(std::move(target));
}

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
  CheckNoDuplicates(BuildFamilies(RichSnapshot(), &status));
  CheckNoDuplicates(BuildFamilies(QuietSnapshot()));
}

TEST_CASE("families: a target without a process keeps its count and its runs") {
  Snapshot snapshot = RichSnapshot();
  snapshot.targets = {snapshot.targets[1]};
  std::set<std::string> names;
  for (const auto& family : BuildFamilies(snapshot)) names.insert(family.name);
  CHECK(names == std::set<std::string>{
                     "leak_target_processes", "leak_scrape_collector_success",
                     "leak_scrape_collector_duration_seconds",
                     "leak_scrape_collector_timestamp_seconds",
                     "leak_scrape_collector_errors"});
  CHECK(SamplesOf(snapshot, "leak_target_processes") ==
        Lines{"{target=ended} 0"});
}

TEST_CASE("families: what is absent has no sample") {
  TargetSnapshot target;
  auto memory = std::make_shared<MemorySnapshot>();
  memory->usage.main.swap_bytes = 0;
  target.memory = memory;
  const auto families = BuildFamilies(OneTarget(target));
  REQUIRE(families.size() == 3);
  CHECK(families[2].name == "leak_swap_bytes");
  CHECK(SamplesOf(families, "leak_swap_bytes") ==
        Lines{"{target=t,scope=main} 0"});
}

TEST_CASE("families: the five common states are always there") {
  CHECK(SamplesOf(OneTree({}), "leak_child_processes") ==
        Lines{"{target=t,state=running} 0", "{target=t,state=sleeping} 0",
              "{target=t,state=disk_sleep} 0", "{target=t,state=stopped} 0",
              "{target=t,state=zombie} 0"});
}

TEST_CASE("families: the kernel's letters have names") {
  const std::vector<std::pair<char, std::string>> cases = {
      {'R', "running"}, {'S', "sleeping"},     {'D', "disk_sleep"},
      {'T', "stopped"}, {'t', "tracing_stop"}, {'Z', "zombie"},
      {'X', "dead"},    {'x', "dead"},         {'I', "idle"},
      {'P', "parked"},  {'K', "wakekill"},     {'W', "waking"},
      {'?', "unknown"}, {'\0', "unknown"},     {'\xFF', "unknown"}};
  for (const auto& [letter, name] : cases) {
    ProcessTreeSnapshot tree;
    tree.children = {{7, 1, letter, 1, "", std::nullopt}};
    const Lines samples = SamplesOf(OneTree(tree), "leak_child_processes");
    CHECK(std::ranges::count(samples, "{target=t,state=" + name + "} 1") == 1);
  }
}

TEST_CASE("families: ages are zombies first, then oldest, cut to the top") {
  ProcessTreeSnapshot tree;
  tree.top = 3;
  tree.children = {{10, 1, 'S', 40, "a", std::nullopt},
                   {11, 1, 'Z', 30, "b", 1},
                   {12, 1, 'S', 20, "c", std::nullopt},
                   {13, 1, 'Z', 10.5, "d", 2}};
  const Snapshot snapshot = OneTree(tree);
  CHECK(SamplesOf(snapshot, "leak_child_age_seconds") ==
        Lines{"{target=t,pid=11,comm=b,state=zombie} 30",
              "{target=t,pid=13,comm=d,state=zombie} 10.5",
              "{target=t,pid=10,comm=a,state=sleeping} 40"});
  CHECK(SamplesOf(snapshot, "leak_child_oldest_age_seconds") ==
        Lines{"{target=t} 40"});
  CHECK(SamplesOf(snapshot, "leak_zombie_oldest_age_seconds") ==
        Lines{"{target=t} 30"});
  CHECK(SamplesOf(snapshot, "leak_zombie_unreaped_seconds") ==
        Lines{"{target=t,pid=13} 2", "{target=t,pid=11} 1"});
  CHECK(SamplesOf(snapshot, "leak_series_dropped") ==
        Lines{"{target=t,family=leak_child_age_seconds} 1",
              "{target=t,family=leak_zombie_unreaped_seconds} 0"});
}

TEST_CASE("families: without zombies no age of one") {
  const auto families = BuildFamilies(OneTree({}));
  for (const char* name :
       {"leak_zombie_oldest_age_seconds", "leak_zombie_unreaped_seconds",
        "leak_child_oldest_age_seconds", "leak_child_age_seconds"}) {
    CHECK(SamplesOf(families, name).empty());
  }
}

TEST_CASE("families: the mapping limit divides the count of each scope") {
  TargetSnapshot target;
  auto mappings = std::make_shared<MappingsSnapshot>();
  mappings->count.main = 30;
  mappings->limit = 65530;
  target.mappings = mappings;
  const Snapshot snapshot = OneTarget(target);
  CHECK(SamplesOf(snapshot, "leak_mappings") ==
        Lines{"{target=t,scope=main} 30"});
  CHECK(SamplesOf(snapshot, "leak_mappings_limit") ==
        Lines{"{target=t,scope=main} 65530"});
}

TEST_CASE("families: names that repair makes equal are one series") {
  const auto families = BuildFamilies(RichSnapshot());
  CHECK(SamplesOf(families, "leak_mapping_bytes") ==
        Lines{"{target=analyzer,mapping=[heap]} 4096000",
              "{target=analyzer,mapping=/memfd:\uFFFD (deleted)} 5000",
              "{target=analyzer,mapping=(other)} 1500"});
  CHECK(SamplesOf(families, "leak_python_objects") ==
        Lines{"{target=analyzer,class=dict} 6586",
              "{target=analyzer,class=app.Mod\uFFFD} 42",
              "{target=analyzer,class=(other)} 105"});
  CHECK(SamplesOf(families, "leak_python_object_bytes") ==
        Lines{"{target=analyzer,class=dict} 1048576",
              "{target=analyzer,class=app.Mod\uFFFD} 500",
              "{target=analyzer,class=(other)} 1050"});
}

TEST_CASE("families: a repository cache counts once a directory") {
  DiskUsageSnapshot disk;
  disk.repository_caches = {
      // The same directory through two main processes.
      {"/shared", 1, true, 5, 100, {{10, 4096, 1}}, ""},
      {"/shared", 2, true, 5, 100, {{10, 4096, 1}}, ""},
      // Different directories under two roots.
      {"/rooted", 1, true, 5, 200, {{10, 4096, 1}}, ""},
      {"/rooted", 2, true, 6, 200, {{30, 8192, 2}}, ""},
      // One of two cannot be read: a part is not shown as the whole.
      {"/half", 1, true, 5, 300, {{10, 4096, 1}}, ""},
      {"/half", 2, true, 6, 300, std::nullopt, "denied"},
      {"/unseen", 1, true, 5, 400, {{10, 4096, 1}}, ""},
      {"/unseen", 2, false, 0, 0, std::nullopt, "denied"},
      // It exists for one of two only.
      {"/once", 1, true, 5, 500, {{7, 512, 1}}, ""},
      {"/once", 2, false, 0, 0, std::nullopt, ""},
      // What is allocated is known for one of two only.
      {"/links", 1, true, 5, 600, {{1, 512, 1}}, ""},
      {"/links", 2, true, 6, 600, {{2, std::nullopt, 1}}, ""},
      {"/none", 1, false, 0, 0, std::nullopt, ""},
      // Another name of the first directory.
      {"/alias", 1, true, 5, 100, {{10, 4096, 1}}, ""},
  };
  const Snapshot snapshot = OneDisk(disk);
  CHECK(SamplesOf(snapshot, "leak_repository_cache_bytes") ==
        Lines{"{target=t,path=/shared} 10", "{target=t,path=/rooted} 40",
              "{target=t,path=/once} 7", "{target=t,path=/links} 3",
              "{target=t,path=/alias} 10"});
  CHECK(SamplesOf(snapshot, "leak_repository_cache_allocated_bytes") ==
        Lines{"{target=t,path=/shared} 4096", "{target=t,path=/rooted} 12288",
              "{target=t,path=/once} 512", "{target=t,path=/alias} 4096"});
  CHECK(SamplesOf(snapshot, "leak_repository_cache_files")[1] ==
        "{target=t,path=/rooted} 3");
}

TEST_CASE("families: temporary directories past the top are together") {
  DiskUsageSnapshot disk;
  disk.top = 3;
  disk.temporary_directories = {
      {9, 1, "/tmp/a", {{50, 0, 0}}, ""},
      {0, 1, "/tmp/b", {{40, 0, 0}}, ""},
      {0, 2, "/tmp/b", {{30, 0, 0}}, ""},
      {8, 1, "/tmp/c", {{20, 0, 0}}, ""},
      {7, 1, "/tmp/d", {{10, 0, 0}}, ""},
      {6, 1, "/tmp/e", std::nullopt, "denied"},
  };
  const Snapshot snapshot = OneDisk(disk);
  CHECK(SamplesOf(snapshot, "leak_temporary_directory_bytes") ==
        Lines{"{target=t,pid=9,path=/tmp/a} 50",
              "{target=t,pid=,path=/tmp/b} 70",
              "{target=t,pid=,path=(other)} 30"});
  CHECK(SamplesOf(snapshot, "leak_temporary_directories") ==
        Lines{"{target=t} 4"});
  CHECK(SamplesOf(snapshot, "leak_series_dropped") ==
        Lines{"{target=t,family=leak_temporary_directory_bytes} 2"});
}

TEST_CASE("families: unknown working directories are not none") {
  DiskUsageSnapshot disk;
  disk.working_directories_known = false;
  CHECK(SamplesOf(OneDisk(disk), "leak_temporary_directories").empty());
  disk.working_directories_known = true;
  CHECK(SamplesOf(OneDisk(disk), "leak_temporary_directories") ==
        Lines{"{target=t} 0"});
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

TEST_CASE("families: a heap that no process has leaves no Python series") {
  TargetSnapshot target;
  target.python_heap = std::make_shared<PythonHeapSnapshot>();
  const auto families = BuildFamilies(OneTarget(target));
  CHECK(std::ranges::none_of(families, [](const auto& family) {
    return family.name.starts_with("leak_python_");
  }));
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
    tree->top = disk->top = 30;
    heap->processes = {{1, name(), {}, {}, {}}};
    for (int i = 0; i < 30; ++i) {
      tree->children.push_back({100 + i, 1, 'S', 1, name(), std::nullopt});
      mappings->largest.push_back({name(), 1});
      heap->types.largest.push_back({name(), 1, 1});
      disk->repository_caches.push_back({name(), 1, true, 1, 1, {{}}, ""});
      disk->temporary_directories.push_back(
          {static_cast<pid_t>(random() % 2), 1, name(), {{}}, ""});
    }
    target.process_tree = tree;
    target.mappings = mappings;
    target.disk_usage = disk;
    target.python_heap = heap;
    CheckNoDuplicates(BuildFamilies(OneTarget(target)));
  }
}

}  // namespace
}  // namespace leak_exporter::render
