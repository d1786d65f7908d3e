#include "tests/benchmarks/series_sample.h"

#include <prometheus/family.h>
#include <prometheus/gauge.h>

#include <memory>
#include <string>

namespace leak_exporter {
namespace {

constexpr int kTargets = 40;
constexpr size_t kTop = 20;
constexpr size_t kClasses = 50;

std::string Name(int number) { return "application-" + std::to_string(number); }

TargetSnapshot Target(int number) {
  TargetSnapshot target;
  target.target = Name(number);
  target.main_processes = {{1000 + number, 1700000000.25}};
  auto tree = std::make_shared<ProcessTreeSnapshot>();
  auto disk = std::make_shared<DiskUsageSnapshot>();
  auto mappings = std::make_shared<MappingsSnapshot>();
  auto heap = std::make_shared<PythonHeapSnapshot>();
  for (size_t i = 0; i < kTop; ++i) {
    const auto pid = static_cast<pid_t>(20000 + i);
    tree->children.push_back(
        {pid, 1000, 'S', 12345.67 + static_cast<double>(i), "python3", {}});
    disk->temporary_directories.push_back(
        {pid,
         1000,
         "/tmp/tmpwc0g93b" + std::to_string(i),
         {{300907 + i, 0, 0}},
         ""});
    mappings->by_name.push_back(
        {"/usr/lib/x86_64-linux-gnu/libexample.so." + std::to_string(i),
         4096 * i});
  }
  mappings->count = {400, 300};
  mappings->limit = 65530;
  heap->sums.main.emplace();
  for (size_t i = 0; i < kClasses; ++i) {
    heap->sums.main->types.push_back(
        {"application.models.Class" + std::to_string(i), 1000 * i, 64000 * i});
  }
  heap->processes = {{1000, "3.11.2", {}, {}, {}}};
  auto memory = std::make_shared<MemorySnapshot>();
  memory->usage.main = {12, 800u << 20, 700u << 20, 90u << 20, 10u << 20, 0};
  memory->usage.children = memory->usage.main;
  auto files = std::make_shared<OpenFilesSnapshot>();
  files->usage.main = {{{1, 2, 3, 4, 5, 6, 7, 8}}, 1024, 0};
  files->usage.children = files->usage.main;
  target.process_tree = tree;
  target.disk_usage = disk;
  target.mappings = mappings;
  target.python_heap = heap;
  target.memory = memory;
  target.open_files = files;
  using enum CollectorId;
  for (const CollectorId collector : {kProcessTree, kMemory, kMappings,
                                      kOpenFiles, kDiskUsage, kPythonHeap}) {
    target.runs.push_back({collector, true, 0.001234, 1700000000.25, {}});
  }
  return target;
}

}  // namespace

Snapshot SampleOfTenThousandSeries() {
  Snapshot snapshot;
  for (int i = 0; i < kTargets; ++i) snapshot.targets.push_back(Target(i));
  return snapshot;
}

config::Config ConfigOfTenThousandSeries() {
  config::Config config;
  for (int i = 0; i < kTargets; ++i) {
    config.targets.emplace_back().name = Name(i);
  }
  return config;
}

void FillRegistry(const std::vector<prometheus::MetricFamily>& families,
                  prometheus::Registry& registry) {
  for (const prometheus::MetricFamily& family : families) {
    auto& gauges = prometheus::BuildGauge()
                       .Name(family.name)
                       .Help(family.help)
                       .Register(registry);
    for (const prometheus::ClientMetric& sample : family.metric) {
      prometheus::Labels labels;
      for (const auto& label : sample.label) labels[label.name] = label.value;
      gauges.Add(labels).Set(sample.gauge.value);
    }
  }
}

}  // namespace leak_exporter
