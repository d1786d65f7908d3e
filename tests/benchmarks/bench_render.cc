#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "metrics/render/families.h"
#include "metrics/render/openmetrics_text.h"

/// Compares what it costs to turn about 10,000 series into text: from a
/// snapshot with this project's renderer, and from a Registry that already
/// holds the same series with prometheus-cpp's own serializer. Prints CPU time
/// in ns a series, the median of the rounds.
namespace {

using namespace leak_exporter;
using namespace leak_exporter::render;

constexpr int kTargets = 40;
constexpr int kRounds = 41;
constexpr size_t kTop = 20;
constexpr size_t kClasses = 50;

TargetSnapshot Target(int number) {
  TargetSnapshot target;
  target.target = "application-" + std::to_string(number);
  target.main_processes = {{1000 + number, 1700000000.25}};
  auto tree = std::make_shared<ProcessTreeSnapshot>();
  auto disk = std::make_shared<DiskUsageSnapshot>();
  auto mappings = std::make_shared<MappingsSnapshot>();
  auto heap = std::make_shared<PythonHeapSnapshot>();
  tree->top = disk->top = kTop;
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
    mappings->largest.push_back(
        {"/usr/lib/x86_64-linux-gnu/libexample.so." + std::to_string(i),
         4096 * i});
  }
  mappings->count = {400, 300};
  mappings->limit = 65530;
  for (size_t i = 0; i < kClasses; ++i) {
    heap->types.largest.push_back(
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
  for (const char* collector : {"process_tree", "memory", "mappings",
                                "open_files", "disk_usage", "python_heap"}) {
    target.runs.push_back({collector, true, 0.001234, 1700000000.25, {}});
  }
  return target;
}

void Fill(const std::vector<prometheus::MetricFamily>& families,
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

double CpuNanoseconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 +
         static_cast<double>(now.tv_nsec);
}

/// The median over the rounds of the CPU time that `work` takes.
template <typename Work>
double Measure(Work work) {
  std::vector<double> spans;
  for (int i = 0; i < kRounds; ++i) {
    const double begin = CpuNanoseconds();
    work();
    spans.push_back(CpuNanoseconds() - begin);
  }
  std::ranges::nth_element(spans, spans.begin() + kRounds / 2);
  return spans[kRounds / 2];
}

}  // namespace

int main() {
  Snapshot snapshot;
  for (int i = 0; i < kTargets; ++i) snapshot.targets.push_back(Target(i));
  const auto families = BuildFamilies(snapshot);
  size_t count = 0;
  for (const auto& family : families) count += family.metric.size();
  prometheus::Registry registry;
  Fill(families, registry);
  const auto series = static_cast<double>(count);

  const double build = Measure([&] { BuildFamilies(snapshot); });
  std::string text;
  const auto write = [&](Dialect dialect) {
    return Measure([&] {
      text.clear();
      WriteFamilies(families, dialect, text);
    });
  };
  const double open_metrics = write(Dialect::kOpenMetrics);
  const double plain = write(Dialect::kPrometheusText);
  const double collect = Measure([&] { registry.Collect(); });
  const double serialize =
      Measure([&] { prometheus::TextSerializer().Serialize(families); });

  std::printf("%zu series, %zu bytes of text\n\n", count, text.size());
  std::printf("| | CPU, ns a series |\n|---|---|\n");
  const auto row = [series](const char* what, double nanoseconds) {
    std::printf("| %s | %.0f |\n", what, nanoseconds / series);
  };
  row("build families from a snapshot", build);
  row("write text 0.0.4", plain);
  row("write OpenMetrics", open_metrics);
  row("prometheus-cpp: collect from a registry", collect);
  row("prometheus-cpp: serialize", serialize);
  std::printf("\nBuilding and writing cost %.1f %% of prometheus-cpp's.\n",
              100 * (build + plain) / (collect + serialize));
  return 0;
}
