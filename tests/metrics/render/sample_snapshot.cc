#include "tests/metrics/render/sample_snapshot.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace leak_exporter::render {
namespace {

ProcessTreeSnapshot Tree() {
  ProcessTreeSnapshot tree;
  tree.children = {
      {21902, 4306, 'Z', 11.75, "python3", 3.5},
      {21906, 4306, 'S', 8.5, "a)b \"c\"\\d\ne", std::nullopt},
      {21910, 4306, 'D', 5.25, "\xFF\xFE caf\xC3\xA9", std::nullopt},
      {21914, 4306, 't', 2.125, "worker", std::nullopt},
      {21918, 4307, 'Z', 1.5, "", 0.5},
      {21922, 4307, '?', 0.25, "late", std::nullopt},
  };
  tree.containers = {{4306, std::string(64, 'a'),
                      "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
                      "/kubepods/pod0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/" +
                          std::string(64, 'a')}};
  return tree;
}

MemorySnapshot Memory() {
  MemorySnapshot memory;
  memory.usage.main = {12, 800u << 20, 700u << 20, 90u << 20, 10u << 20, 0};
  memory.usage.children = {40,           9007199254740991u, 1u << 20,
                           std::nullopt, std::nullopt,      4096};
  memory.peak_resident_bytes = 900u << 20;
  memory.limit_bytes = 2000u << 20;
  memory.limit_ratio = 0.25;
  memory.cgroup_limit_ratio = 0.875;
  return memory;
}

MappingsSnapshot Mappings() {
  MappingsSnapshot mappings;
  mappings.processes = {
      {4306,
       {{"/usr/lib/libc.so.6", 1024000},
        {"anon", 2048000},
        {"/tmp/\n### DEBUG: END MAPPING PROFILE ###", 3072000},
        {"[heap]", 4096000}},
       20480000},
      {4307, {}, 1024},
  };
  mappings.by_name = {{"[heap]", 4096000},
                      {"/memfd:\xFF (deleted)", 3000},
                      {"/memfd:\xFE (deleted)", 2000},
                      {"(other)", 1000},
                      {"/tmp/a", 200},
                      {"/tmp/b", 150},
                      {"/tmp/c", 50}};
  mappings.nameless_bytes = 100;
  mappings.anonymous_count = 7;
  mappings.count = {65000, 120};
  mappings.limit = 65530;
  return mappings;
}

OpenFilesSnapshot OpenFiles() {
  OpenFilesSnapshot files;
  files.usage.main = {{{1, 2, 3, 4, 5, 6, 7, 8}}, 1024, 1u << 20};
  files.usage.main.limit_ratio = 0.03515625;
  files.usage.children = {std::nullopt, std::nullopt, std::nullopt};
  files.processes = {{4306, {"/var/log/a b.log", "/var/log/\x1B[2J\xFF.log"}},
                     {4307, {}}};
  return files;
}

DiskUsageSnapshot Disk() {
  DiskUsageSnapshot disk;
  disk.repository_caches = {
      {"/opt/tasks/tmp", 4306, true, 1, 10, {{300907, 319488, 12}}, ""},
      {"/opt/tasks/tmp", 4307, true, 2, 10, {{1000, 4096, 1}}, ""},
      {"/opt/none", 4306, false, 0, 0, std::nullopt, ""},
      {"/opt/locked", 4306, true, 1, 11, std::nullopt,
       "/opt/locked: Permission denied"},
  };
  disk.repository_caches[0].filesystem_available_bytes = 7000000;
  disk.repository_caches[1].filesystem_available_bytes = 6000000;
  disk.temporary_filesystem_available_bytes = 5000000;
  disk.temporary_directories = {
      {21914, 4306, "/tmp/tmpwc0g93bo", {{300907, 319488, 12}}, ""},
      {0, 4306, "/tmp/tmp\xFFleft", {{5000, 8192, 2}}, ""},
      {21922, 4307, "/tmp/tmpsmall", {{40, 4096, 1}}, ""},
      {0, 4307, "/tmp/tmpempty", {{2, 4096, 1}}, ""},
      {21906, 4306, "/tmp/tmplocked", std::nullopt,
       "/tmp/tmplocked: Permission denied"},
  };
  return disk;
}

PythonHeapSnapshot Heap() {
  PythonHeapSnapshot heap;
  PythonProcess process;
  process.pid = 4306;
  process.version = "3.11.2";
  process.by_references = {{1080, "<class 'dict'>", "{4386728040: <weakref at"},
                           {299, "<class 'dict'>", "{'__name__': 'os'"}};
  process.by_bytes = {
      {65704, "<class '_io.BufferedWriter'>",
       "<_io.BufferedWriter name='<stdout>'>"},
      {36960, "<class 'dict'>", "{'application/javascript': ['.js', '.mjs']"}};
  process.types = {{"function", 8804, 1u << 19, "<class 'function'>"},
                   {"a\nb", 6586, 1u << 18, "<class 'a\nb'>"}};
  heap.processes = {process};
  PythonHeapSums& sums = heap.sums.main.emplace();
  sums.types = {{"dict", 6586, 1u << 20},
                {"app.Mod\xC4", 22, 500},
                {"app.Mod\xC3", 20, std::nullopt}};
  for (int i = 0; i < 11; ++i) {
    sums.types.push_back(
        {"rare" + std::to_string(i), i == 0 ? 10u : 9u, i == 0 ? 100u : 90u});
  }
  sums.types.push_back({"(other)", 5, 50});
  sums.untracked = {{"str", 100000, 9000000}};
  sums.generations = {{120, 4000, 0}, {10, 300, 0}, {2, 5, 1}};
  sums.gc_counts = {350, 7, 2};
  sums.permanent_objects = 2200;
  sums.modules = 150;
  sums.arena_bytes = 64u << 20;
  sums.arena_used_bytes = 60u << 20;
  sums.walk_duration_seconds = 0.1;
  sums.walk_complete = true;
  PythonHeapSums& children = heap.sums.children.emplace();
  children.types = {{"app.Job", 11295, 145u << 20}};
  children.generations = {{40, 900, 0}};
  children.modules = 450;
  children.walk_duration_seconds = 0.25;
  heap.usage = {{21914, false, "3.11.2", 11295, 145u << 20},
                {4306, true, "3.11.2", 6733, std::nullopt}};
  heap.census = {{1, 0, 1699999990.5}, {4, 1, 1699999900}};
  return heap;
}

std::vector<CollectorRun> Runs() {
  return {
      {CollectorId::kProcessTree, true, 0.001, 1700000000.25, {}},
      {CollectorId::kMemory,
       true,
       0.0005,
       1700000000.25,
       {{ErrorCause::kPermission, 3, "/proc/21906/status: Permission denied"},
        {ErrorCause::kMalformed, 1, "/proc/7/status:3: bad VmRSS 'x kB'"}}},
      {CollectorId::kDiskUsage, true, 12.5, 1699999950, {}},
      {CollectorId::kOpenFiles, true, 0.002, 1700000000.25, {}},
      {CollectorId::kPythonHeap,
       true,
       0.25,
       1699999990,
       {{ErrorCause::kLimit, 1,
         "/proc/4307/exe: not a CPython that is known"}}},
  };
}

}  // namespace

Snapshot RichSnapshot() {
  TargetSnapshot target;
  target.target = "analyzer";
  target.main_processes = {{4306, 1699990000.25, {}}, {4307, 1699990001.5, {}}};
  target.process_tree = std::make_shared<ProcessTreeSnapshot>(Tree());
  target.memory = std::make_shared<MemorySnapshot>(Memory());
  target.proportional_memory = std::make_shared<ProportionalMemorySnapshot>(
      ProportionalMemorySnapshot{{{1000, 500}, {2000, std::nullopt}}});
  target.mappings = std::make_shared<MappingsSnapshot>(Mappings());
  target.open_files = std::make_shared<OpenFilesSnapshot>(OpenFiles());
  target.disk_usage = std::make_shared<DiskUsageSnapshot>(Disk());
  target.python_heap = std::make_shared<PythonHeapSnapshot>(Heap());
  target.runs = Runs();

  TargetSnapshot ended;
  ended.target = "ended";
  ended.disk_usage = target.disk_usage;
  ended.runs = {{CollectorId::kProcessTree, true, 0.0001, 1700000000.25, {}}};

  TargetSnapshot blocked;
  blocked.target = "blocked";
  blocked.main_processes = {{77, 1699990002, {}}};
  blocked.runs = {
      {CollectorId::kProcessTree,
       false,
       0.002,
       std::nullopt,
       {{ErrorCause::kPermission, 1,
         "/proc/77/task: Permission denied\n### DEBUG"}}},
      {CollectorId::kPythonHeap, false, 0, std::nullopt, {}},
  };

  Snapshot snapshot;
  snapshot.timestamp_unix_seconds = 1700000000.25;
  snapshot.targets = {target, ended, blocked};
  return snapshot;
}

config::CollectorsConfig RichTops() {
  config::CollectorsConfig tops;
  tops.process_tree.top = 4;
  tops.mappings.top = 4;
  tops.disk_usage.top = 2;
  tops.python_heap.top = 3;
  return tops;
}

Snapshot QuietSnapshot() {
  auto tree = std::make_shared<ProcessTreeSnapshot>();
  auto files = std::make_shared<OpenFilesSnapshot>();
  files->processes = {{4306, {}}};
  auto disk = std::make_shared<DiskUsageSnapshot>();

  TargetSnapshot target;
  target.target = "analyzer";
  target.main_processes = {{4306, 1699990000.25, {}}};
  target.process_tree = tree;
  target.open_files = files;
  target.disk_usage = disk;

  Snapshot snapshot;
  snapshot.timestamp_unix_seconds = 1700000000.25;
  snapshot.targets = {target};
  return snapshot;
}

ExporterStatus SampleExporterStatus() {
  ExporterStatus status;
  status.version = "0.1.0";
  status.revision = "0123abc";
  status.compiler = "GNU 12.2.0";
  status.config_last_reload_successful = true;
  status.config_last_reload_success_unix_seconds = 1699990000.5;
  status.log_lines_dropped = 12;
  status.system_calls_refused = 1;
  status.debug_blocks_dropped = 3;
  status.cpu_seconds = 1.25;
  status.open_fds = 9;
  status.max_fds = 1024;
  status.virtual_bytes = 50u << 20;
  status.resident_bytes = 10u << 20;
  status.start_time_unix_seconds = 1699990000;
  return status;
}

}  // namespace leak_exporter::render
