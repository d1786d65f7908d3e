#pragma once

#include <string>
#include <string_view>

namespace leak_exporter::http {

/// What /metrics is answered with.
struct MetricsFormat {
  /// OpenMetrics, or else the Prometheus text format. Their versions differ in
  /// nothing that this program writes.
  bool openmetrics = false;
  /// The value of Content-Type: the version, and the escaping where the client
  /// named one.
  std::string content_type;

  bool operator==(const MetricsFormat&) const = default;
};

/// Chooses by an Accept header (RFC 9110, 12.5.1): the highest q, then what is
/// named before what only a wildcard covers, then OpenMetrics before text,
/// newer before older. A wildcard alone, an empty header and one that accepts
/// nothing of what there is get the text format 0.0.4, as every Prometheus
/// client library answers. Elements that cannot be read are skipped.
///
/// Metric and label names are plain ASCII, so every `escaping` scheme that a
/// client may ask for is served by the same text; it is answered with
/// `escaping=underscores`, and only where it was asked for.
MetricsFormat NegotiateMetricsFormat(std::string_view accept);

/// Whether an Accept-Encoding header (RFC 9110, 12.5.3) takes gzip, and not
/// less gladly than the plain text.
bool AcceptsGzip(std::string_view accept_encoding);

}  // namespace leak_exporter::http
