#include "metrics/render/openmetrics_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "metrics/render/metric_table.h"

namespace leak_exporter::render {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

/// Which characters an escaped text may not hold as they are.
enum class Escaping { kBackslashAndNewline, kQuoteToo };

void AppendEscaped(std::string_view text, Escaping escaping, std::string& out) {
  const std::string_view special =
      escaping == Escaping::kQuoteToo ? "\\\n\"" : "\\\n";
  while (true) {
    const size_t plain = text.find_first_of(special);
    out += text.substr(0, plain);
    if (plain == std::string_view::npos) return;
    out += '\\';
    out += text[plain] == '\n' ? 'n' : text[plain];
    text.remove_prefix(plain + 1);
  }
}

void AppendValue(double value, std::string& out) {
  // Integers in full up to where doubles hold every one of them.
  constexpr double kLargestExactInteger = 9007199254740992.0;
  std::array<char, 32> text;
  char* const begin = text.data();
  char* const limit = begin + text.size();
  if (std::abs(value) <= kLargestExactInteger &&
      value == static_cast<double>(static_cast<int64_t>(value))) {
    out.append(begin,
               std::to_chars(begin, limit, static_cast<int64_t>(value)).ptr);
  } else if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    out.append(begin, std::to_chars(begin, limit, value).ptr);
  }
}

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

void AppendMetadata(std::string_view keyword, std::string_view family,
                    std::string_view text, std::string& out) {
  out += keyword;
  out += family;
  out += ' ';
  out += text;
  out += '\n';
}

void AppendDescription(const MetricFamily& family, Dialect dialect,
                       std::string& out) {
  const Metric* metric = FindMetric(family.name);
  const bool is_info = metric != nullptr && metric->kind == MetricKind::kInfo;
  const std::string_view name = FamilyName(family, is_info, dialect);
  const bool open_metrics = dialect == Dialect::kOpenMetrics;
  if (!family.help.empty()) {
    out += "# HELP ";
    out += name;
    out += ' ';
    AppendEscaped(
        family.help,
        open_metrics ? Escaping::kQuoteToo : Escaping::kBackslashAndNewline,
        out);
    out += '\n';
  }
  AppendMetadata("# TYPE ", name, TypeName(family.type, is_info, dialect), out);
  if (open_metrics && metric != nullptr && !metric->unit.empty()) {
    AppendMetadata("# UNIT ", name, metric->unit, out);
  }
}

void AppendSample(const MetricFamily& family, const ClientMetric& sample,
                  std::string& out) {
  out += family.name;
  char separator = '{';
  for (const ClientMetric::Label& label : sample.label) {
    out += separator;
    separator = ',';
    out += label.name;
    out += "=\"";
    AppendEscaped(label.value, Escaping::kQuoteToo, out);
    out += '"';
  }
  out += sample.label.empty() ? " " : "} ";
  AppendValue(ValueOf(sample, family.type), out);
  out += '\n';
}

}  // namespace

std::string_view ContentType(Dialect dialect) {
  return dialect == Dialect::kOpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

void WriteFamilies(const std::vector<MetricFamily>& families, Dialect dialect,
                   std::string& out) {
  for (const MetricFamily& family : families) {
    AppendDescription(family, dialect, out);
    for (const ClientMetric& sample : family.metric) {
      AppendSample(family, sample, out);
    }
  }
  if (dialect == Dialect::kOpenMetrics) out += "# EOF\n";
}

}  // namespace leak_exporter::render
