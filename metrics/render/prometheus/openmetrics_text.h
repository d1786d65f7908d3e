#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <vector>

namespace leak_exporter::render {

/// The formats that a scrape may ask for. Both have the same samples. They
/// differ in the descriptions, in what help texts escape, and in the end mark.
enum class Dialect {
  /// Prometheus's text format 0.0.4.
  kPrometheusText,
  /// OpenMetrics 1.0.0.
  kOpenMetrics,
};

/// The value of the Content-Type header.
std::string_view ContentType(Dialect dialect);

/// Appends the families to `out`. They may be gauges, counters (whose names end
/// in _total) and untyped ones. They have no timestamps, and their label values
/// are UTF-8. The metric table tells the unit, and which gauge is an info.
/// Numbers have the shortest form that reads back as the same double. Reads
/// nothing but its arguments. Thread-safe.
void WriteFamilies(const std::vector<prometheus::MetricFamily>& families,
                   Dialect dialect, std::string& out);

}  // namespace leak_exporter::render
