#include "metrics/render/prometheus/openmetrics_text.h"

#include <prometheus/text_serializer.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/limit.h"
#include "tests/metrics/render/sample_snapshot.h"

namespace leak_exporter::render {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily Gauge(std::string name, std::vector<ClientMetric::Label> labels,
                   double value) {
  ClientMetric sample;
  sample.label = std::move(labels);
  sample.gauge.value = value;
  return {std::move(name), "", MetricType::Gauge, {std::move(sample)}};
}

std::string Write(const std::vector<MetricFamily>& families, Dialect dialect) {
  std::string out;
  WriteFamilies(families, dialect, out);
  return out;
}

std::string ValueText(double value) {
  const std::string text =
      Write({Gauge("v", {}, value)}, Dialect::kPrometheusText);
  const size_t begin = text.rfind("\nv ") + 3;
  return text.substr(begin, text.size() - begin - 1);
}

TEST_CASE("text: numbers are integers in full or the shortest that read back") {
  const std::vector<std::pair<double, std::string>> cases = {
      {0, "0"},
      {-0.0, "0"},
      {-3, "-3"},
      {300907, "300907"},
      {1e15, "1000000000000000"},
      {9007199254740991, "9007199254740991"},
      {9007199254740992, "9007199254740992"},
      {0.1, "0.1"},
      {1700000000.25, "1700000000.25"},
      {2.0 / 3, "0.6666666666666666"},
      {std::numeric_limits<double>::max(), "1.7976931348623157e+308"},
      {std::numeric_limits<double>::denorm_min(), "5e-324"},
      {std::numeric_limits<double>::infinity(), "+Inf"},
      {-std::numeric_limits<double>::infinity(), "-Inf"},
      {std::nan(""), "NaN"},
      {-std::nan(""), "NaN"},
  };
  for (const auto& [value, text] : cases) CHECK(ValueText(value) == text);
  CHECK(std::stod(ValueText(18446744073709551615.0)) == 18446744073709551616.0);
}

TEST_CASE("text: label values escape backslash, quote and newline alone") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", ""},
      {"plain", "plain"},
      {"\\", "\\\\"},
      {"\"", "\\\""},
      {"\n", "\\n"},
      {"a\\\"\nb", "a\\\\\\\"\\nb"},
      {"tab\there\r", "tab\there\r"},
      {"caf\xC3\xA9 }{,=#", "caf\xC3\xA9 }{,=#"},
  };
  for (const Dialect dialect :
       {Dialect::kPrometheusText, Dialect::kOpenMetrics}) {
    for (const auto& [value, escaped] : cases) {
      CHECK_THAT(Write({Gauge("g", {{"l", value}}, 1)}, dialect),
                 ContainsSubstring("\ng{l=\"" + escaped + "\"} 1\n"));
    }
  }
}

TEST_CASE("text: values that double when escaped, of every length") {
  const double longest = -std::numeric_limits<double>::max();
  for (size_t length = 0; length < 100; ++length) {
    const std::string quotes(length, '"');
    std::string escaped;
    for (size_t i = 0; i < length; ++i) escaped += "\\\"";
    CHECK(Write({Gauge("g", {{"l", quotes}, {"m", quotes}}, longest)},
                Dialect::kPrometheusText) ==
          "# TYPE g gauge\ng{l=\"" + escaped + "\",m=\"" + escaped +
              "\"} -1.7976931348623157e+308\n");
    // The same with plain text before and after a special character.
    const std::string plain(length, 'x');
    CHECK_THAT(Write({Gauge("g", {{"l", plain + "\n" + plain}}, 1)},
                     Dialect::kOpenMetrics),
               ContainsSubstring("{l=\"" + plain + "\\n" + plain + "\"} 1\n"));
  }
}

TEST_CASE("text: help escapes the quote in OpenMetrics only") {
  MetricFamily family = Gauge("g", {}, 1);
  family.help = "a\\b\n\"c\"";
  CHECK_THAT(Write({family}, Dialect::kPrometheusText),
             ContainsSubstring("# HELP g a\\\\b\\n\"c\"\n"));
  CHECK_THAT(Write({family}, Dialect::kOpenMetrics),
             ContainsSubstring("# HELP g a\\\\b\\n\\\"c\\\"\n"));
}

TEST_CASE("text: an untyped family is unknown in OpenMetrics") {
  MetricFamily family = Gauge("u", {}, 0);
  family.type = MetricType::Untyped;
  family.metric[0].untyped.value = 4;
  CHECK(Write({family}, Dialect::kPrometheusText) == "# TYPE u untyped\nu 4\n");
  CHECK(Write({family}, Dialect::kOpenMetrics) ==
        "# TYPE u unknown\nu 4\n# EOF\n");
}

TEST_CASE("text: nothing to say is nothing, or the end mark") {
  CHECK(Write({}, Dialect::kPrometheusText).empty());
  CHECK(Write({}, Dialect::kOpenMetrics) == "# EOF\n");
}

TEST_CASE("text: appends to what is there") {
  std::string out = "before\n";
  WriteFamilies({}, Dialect::kOpenMetrics, out);
  CHECK(out == "before\n# EOF\n");
}

TEST_CASE("text: counters, infos and units are described per dialect") {
  ExporterStatus status;
  status.version = "1";
  status.cpu_seconds = 1.5;
  const auto families = BuildFamilies({}, &status);
  CHECK(Write(families, Dialect::kPrometheusText) ==
        "# HELP leak_exporter_build_info The exporter's build.\n"
        "# TYPE leak_exporter_build_info gauge\n"
        "leak_exporter_build_info{version=\"1\",revision=\"\",compiler=\"\"} "
        "1\n"
        "# HELP process_cpu_seconds_total User and system CPU time of the "
        "exporter.\n"
        "# TYPE process_cpu_seconds_total counter\n"
        "process_cpu_seconds_total 1.5\n");
  CHECK(Write(families, Dialect::kOpenMetrics) ==
        "# HELP leak_exporter_build The exporter's build.\n"
        "# TYPE leak_exporter_build info\n"
        "leak_exporter_build_info{version=\"1\",revision=\"\",compiler=\"\"} "
        "1\n"
        "# HELP process_cpu_seconds User and system CPU time of the exporter.\n"
        "# TYPE process_cpu_seconds counter\n"
        "# UNIT process_cpu_seconds seconds\n"
        "process_cpu_seconds_total 1.5\n"
        "# EOF\n");
}

TEST_CASE("text: the same bytes as prometheus-cpp's serializer") {
  // Its serializer prints 17 digits, so this holds for numbers that need few.
  Snapshot snapshot = RichSnapshot();
  auto heap =
      std::make_shared<PythonHeapSnapshot>(*snapshot.targets[0].python_heap);
  heap->sums.main->walk_duration_seconds = 0.125;
  snapshot.targets[0].python_heap = heap;
  for (TargetSnapshot& target : snapshot.targets) {
    for (CollectorRun& run : target.runs) run.duration_seconds = 0.5;
  }
  const ExporterStatus status = SampleExporterStatus();
  const auto families =
      BuildFamilies(LimitAtOnce(snapshot, RichTops()), &status);
  CHECK(Write(families, Dialect::kPrometheusText) ==
        prometheus::TextSerializer().Serialize(families));
}

}  // namespace
}  // namespace leak_exporter::render
