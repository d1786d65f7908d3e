#include "metrics/render/prometheus/metric_reference.h"

#include <string_view>

#include "metrics/render/prometheus/metric_table.h"

namespace leak_exporter::render {
namespace {

std::string_view KindName(MetricKind kind) {
  switch (kind) {
    case MetricKind::kGauge:
      return "gauge";
    case MetricKind::kCounter:
      return "counter";
    case MetricKind::kInfo:
      return "info";
  }
  return {};
}

void AppendLabels(const Metric& metric, std::string& out) {
  for (const std::string_view label : metric.labels) {
    if (label.empty()) break;
    if (label != metric.labels.front()) out += ' ';
    out += '`';
    out += label;
    out += '`';
  }
}

}  // namespace

std::string MetricReference() {
  std::string out =
      "| Metric | Type | Labels | Meaning |\n"
      "|---|---|---|---|\n";
  for (const Metric& metric : Metrics()) {
    out += "| `";
    out += metric.name;
    out += "` | ";
    out += KindName(metric.kind);
    out += " | ";
    AppendLabels(metric, out);
    out += " | ";
    out += metric.help;
    out += " |\n";
  }
  return out;
}

}  // namespace leak_exporter::render
