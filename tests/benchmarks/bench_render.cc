#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "metrics/render/prometheus/metric_families.h"
#include "metrics/render/prometheus/openmetrics_text.h"
#include "tests/benchmarks/series_sample.h"
#include "tests/limit.h"

/// Compares what it costs to turn about 10,000 series into text: from a
/// snapshot with this project's renderer, and from a Registry that already
/// holds the same series with prometheus-cpp's own serializer. Prints CPU time
/// in ns a series, the median of the rounds.
namespace {

using namespace leak_exporter;
using namespace leak_exporter::render;

constexpr int kRounds = 41;

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
  const Snapshot snapshot = SampleOfTenThousandSeries();
  const auto families = BuildFamilies(LimitAtOnce(snapshot));
  size_t count = 0;
  for (const auto& family : families) count += family.metric.size();
  prometheus::Registry registry;
  FillRegistry(families, registry);
  const auto series = static_cast<double>(count);

  SeriesLimits limits;
  limits.Configure(ConfigOfTenThousandSeries());
  const double build = Measure([&] {
    const std::vector<RowChoice> choices = limits.Choose(snapshot);
    BuildFamilies(Limit(snapshot, choices));
  });
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
  row("limit a snapshot and build its families", build);
  row("write text 0.0.4", plain);
  row("write OpenMetrics", open_metrics);
  row("prometheus-cpp: collect from a registry", collect);
  row("prometheus-cpp: serialize", serialize);
  std::printf("\nBuilding and writing cost %.1f %% of prometheus-cpp's.\n",
              100 * (build + plain) / (collect + serialize));
  return 0;
}
