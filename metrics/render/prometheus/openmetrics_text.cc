#include "metrics/render/prometheus/openmetrics_text.h"

#include <cstddef>

#include "metrics/render/prometheus/metric_table.h"
#include "metrics/render/prometheus/text_buffer.h"

namespace leak_exporter::render {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

double ValueOf(const ClientMetric& sample, MetricType type) {
  switch (type) {
    case MetricType::Counter:
      return sample.counter.value;
    case MetricType::Gauge:
      return sample.gauge.value;
    default:
      return sample.untyped.value;
  }
}

std::string_view TypeName(MetricType type, bool is_info, Dialect dialect) {
  if (is_info && dialect == Dialect::kOpenMetrics) return "info";
  switch (type) {
    case MetricType::Counter:
      return "counter";
    case MetricType::Gauge:
      return "gauge";
    default:
      return dialect == Dialect::kOpenMetrics ? "unknown" : "untyped";
  }
}

/// OpenMetrics names a counter's or info's family without the suffix that its
/// samples carry.
std::string_view FamilyName(const MetricFamily& family, bool is_info,
                            Dialect dialect) {
  std::string_view name = family.name;
  if (dialect == Dialect::kPrometheusText) return name;
  constexpr std::string_view kTotal = "_total";
  constexpr std::string_view kInfo = "_info";
  if (family.type == MetricType::Counter && name.ends_with(kTotal)) {
    name.remove_suffix(kTotal.size());
  } else if (is_info && name.ends_with(kInfo)) {
    name.remove_suffix(kInfo.size());
  }
  return name;
}

/// "# TYPE name text" and the like; room must have been made.
void AppendMetadata(std::string_view keyword, std::string_view name,
                    std::string_view text, TextBuffer& out) {
  out.Append("# ");
  out.Append(keyword);
  out.Append(' ');
  out.Append(name);
  out.Append(' ');
  out.Append(text);
  out.Append('\n');
}

void AppendDescription(const MetricFamily& family, Dialect dialect,
                       TextBuffer& out) {
  const Metric* metric = FindMetric(family.name);
  const bool is_info = metric != nullptr && metric->kind == MetricKind::kInfo;
  const bool is_open_metrics = dialect == Dialect::kOpenMetrics;
  const std::string_view name = FamilyName(family, is_info, dialect);
  // Three lines of a keyword, the name and a text; the help text may double.
  constexpr size_t kKeywordsAndTexts = 64;
  out.Reserve(3 * name.size() + 2 * family.help.size() + kKeywordsAndTexts);
  if (!family.help.empty()) {
    out.Append("# HELP ");
    out.Append(name);
    out.Append(' ');
    out.AppendEscaped(family.help, is_open_metrics
                                       ? Escaping::kQuoteToo
                                       : Escaping::kBackslashAndNewline);
    out.Append('\n');
  }
  AppendMetadata("TYPE", name, TypeName(family.type, is_info, dialect), out);
  if (is_open_metrics && metric != nullptr && !metric->unit.empty()) {
    AppendMetadata("UNIT", name, metric->unit, out);
  }
}

/// The length of a sample's line at most.
size_t LongestSample(const MetricFamily& family, const ClientMetric& sample) {
  constexpr size_t kValueAndMarks = 32;
  constexpr size_t kMarksOfLabel = 4;
  size_t size = family.name.size() + kValueAndMarks;
  for (const ClientMetric::Label& label : sample.label) {
    size += label.name.size() + 2 * label.value.size() + kMarksOfLabel;
  }
  return size;
}

void AppendSample(const MetricFamily& family, const ClientMetric& sample,
                  TextBuffer& out) {
  out.Reserve(LongestSample(family, sample));
  out.Append(family.name);
  char separator = '{';
  for (const ClientMetric::Label& label : sample.label) {
    out.Append(separator);
    separator = ',';
    out.Append(label.name);
    out.Append("=\"");
    out.AppendEscaped(label.value, Escaping::kQuoteToo);
    out.Append('"');
  }
  if (!sample.label.empty()) out.Append('}');
  out.Append(' ');
  out.AppendValue(ValueOf(sample, family.type));
  out.Append('\n');
}

}  // namespace

std::string_view ContentType(Dialect dialect) {
  return dialect == Dialect::kOpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

void WriteFamilies(const std::vector<MetricFamily>& families, Dialect dialect,
                   std::string& out) {
  constexpr std::string_view kEndMark = "# EOF\n";
  TextBuffer buffer(out);
  for (const MetricFamily& family : families) {
    AppendDescription(family, dialect, buffer);
    for (const ClientMetric& sample : family.metric) {
      AppendSample(family, sample, buffer);
    }
  }
  if (dialect == Dialect::kOpenMetrics) {
    buffer.Reserve(kEndMark.size());
    buffer.Append(kEndMark);
  }
}

}  // namespace leak_exporter::render
