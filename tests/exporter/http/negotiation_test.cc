#include "exporter/http/negotiation.h"

#include <string>
#include <string_view>

#include "tests/catch.h"

namespace leak_exporter::http {
namespace {

constexpr std::string_view kText = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kNewText =
    "text/plain; version=1.0.0; charset=utf-8";
constexpr std::string_view kOpenMetrics =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";
constexpr std::string_view kOldOpenMetrics =
    "application/openmetrics-text; version=0.0.1; charset=utf-8";

TEST_CASE("negotiation: the format that the client likes best") {
  struct Case {
    std::string_view accept;
    std::string_view content_type;
  };
  const auto [accept, content_type] = GENERATE(
      // Prometheus 2.42
      Case{"application/openmetrics-text;version=1.0.0,"
           "application/openmetrics-text;version=0.0.1;q=0.75,"
           "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
           kOpenMetrics},
      // Prometheus 2.20
      Case{"application/openmetrics-text; version=0.0.1,"
           "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
           kOldOpenMetrics},
      // A browser, curl, nothing
      Case{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
           kText},
      Case{"*/*", kText}, Case{"", kText}, Case{"text/*", kText},
      Case{"application/*", kOpenMetrics},
      Case{"text/*;q=0.4, application/*;q=0.5", kOpenMetrics},
      Case{"application/openmetrics-text", kOpenMetrics},
      Case{"application/openmetrics-text, */*", kOpenMetrics},
      Case{"text/plain", kText}, Case{"text/plain;version=1.0.0", kNewText},
      Case{"text/plain;version=\"0.0.4\"", kText},
      Case{"TEXT/PLAIN; Version=1.0.0", kNewText},
      Case{"text/plain,application/openmetrics-text", kOpenMetrics},
      Case{"application/openmetrics-text;q=0.3,text/plain;q=0.4", kText},
      // Refused by q=0, the specific one before the wildcard
      Case{"application/openmetrics-text;q=0,*/*", kText},
      Case{"application/openmetrics-text;version=1.0.0;q=0,"
           "application/openmetrics-text;version=0.0.1",
           kOldOpenMetrics},
      // Versions and types that there are not
      Case{"application/openmetrics-text;version=2.0.0", kText},
      Case{"application/json", kText},
      Case{"text/plain;version=0.0.4;q=0.5,application/openmetrics-text;"
           "version=2.0.0",
           kText},
      // Unreadable elements are passed over
      Case{"application/openmetrics-text;q=zero", kText},
      Case{"application/openmetrics-text;q=1.5,text/plain", kText},
      Case{",,;;,=,application/openmetrics-text", kOpenMetrics},
      Case{"text/plain;x=\"a,application/openmetrics-text\"", kText},
      Case{"\"", kText});
  CAPTURE(std::string(accept));
  const MetricsFormat format = NegotiateMetricsFormat(accept);
  CHECK(format.content_type == content_type);
  CHECK(format.openmetrics == content_type.starts_with("application"));
}

TEST_CASE("negotiation: escaping is answered only where it was asked for") {
  // Prometheus 3
  const std::string accept =
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
      "application/openmetrics-text;version=0.0.1;q=0.5,"
      "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
      "text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
  CHECK(NegotiateMetricsFormat(accept).content_type ==
        std::string(kOpenMetrics) + "; escaping=underscores");
  CHECK(NegotiateMetricsFormat("text/plain;version=1.0.0;escaping=underscores,"
                               "application/openmetrics-text;q=0.5")
            .content_type == std::string(kNewText) + "; escaping=underscores");
  CHECK(NegotiateMetricsFormat("text/plain;escaping=dots;q=0.5,"
                               "application/openmetrics-text")
            .content_type == kOpenMetrics);
}

TEST_CASE("negotiation: gzip where the client takes it gladly enough") {
  struct Case {
    std::string_view accept_encoding;
    bool gzip;
  };
  const auto [accept_encoding, gzip] = GENERATE(
      Case{"gzip", true}, Case{"x-gzip", true}, Case{"GZIP", true},
      Case{"gzip, deflate, br", true}, Case{"deflate, gzip;q=1.0", true},
      Case{"*", true}, Case{"gzip;q=0.5", true},
      Case{"gzip;q=0.5, identity;q=0.5", true}, Case{"", false},
      Case{"identity", false}, Case{"deflate, br", false},
      Case{"gzip;q=0", false}, Case{"gzip;q=0.000", false},
      Case{"gzip;q=0.5, identity", false}, Case{"*;q=0", false},
      Case{"gzip;q=0, *", false}, Case{"gzip;q=bad", false});
  CAPTURE(std::string(accept_encoding));
  CHECK(AcceptsGzip(accept_encoding) == gzip);
}

}  // namespace
}  // namespace leak_exporter::http
