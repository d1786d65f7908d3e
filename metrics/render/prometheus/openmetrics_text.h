#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <vector>

namespace leak_exporter::render {

/// What a scrape may ask for. The same samples either way; they differ in how
/// they are described, what is escaped in help texts, and the end mark.
enum class Dialect {
  /// Prometheus's text format 0.0.4.
  kPrometheusText,
  /// OpenMetrics 1.0.0.
  kOpenMetrics,
};

/// The value of the Content-Type header.
std::string_view ContentType(Dialect dialect);

/// Appends the families to `out`. They are gauges, counters (whose names end in
/// _total) and untyped ones, without timestamps; label values are UTF-8. Units,
/// and that a gauge is an info, come from the metric table by name. Numbers are
/// written in the shortest form that reads back as the same double. Reads
/// nothing but its arguments; thread-safe.
void WriteFamilies(const std::vector<prometheus::MetricFamily>& families,
                   Dialect dialect, std::string& out);

}  // namespace leak_exporter::render
