#pragma once

#include <string>
#include <string_view>

namespace leak_exporter::http {

/// The format of an answer to /metrics.
struct MetricsFormat {
  /// True for OpenMetrics, false for the Prometheus text format. The versions
  /// of a format do not differ in anything that this program writes.
  bool openmetrics = false;
  /// The value of Content-Type. It holds the version, and the escaping scheme
  /// if the client named one.
  std::string content_type;

  bool operator==(const MetricsFormat&) const = default;
};

/// Chooses a format by an Accept header (RFC 9110, 12.5.1). The highest q wins.
/// Among equal ones, a format that the header names wins over one that only a
/// wildcard covers, then OpenMetrics over text, then the newer version over the
/// older. A wildcard alone, an empty header and a header that accepts none of
/// our formats are answered with the text format 0.0.4, as every Prometheus
/// client library does. Elements that cannot be parsed are skipped.
///
/// Metric and label names are plain ASCII, so that the same text suits every
/// `escaping` scheme. A client that asks for a scheme is answered with
/// `escaping=underscores`.
MetricsFormat NegotiateMetricsFormat(std::string_view accept);

/// Whether an Accept-Encoding header (RFC 9110, 12.5.3) accepts gzip, with at
/// least the weight of the uncompressed text.
bool AcceptsGzip(std::string_view accept_encoding);

}  // namespace leak_exporter::http
