#include <prometheus/exposer.h>
#include <prometheus/registry.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "exporter/cli/listen_address.h"
#include "exporter/http/handlers/shared_limits.h"
#include "exporter/http/listen_socket.h"
#include "exporter/http/server.h"
#include "exporter/log/log.h"
#include "exporter/system/malloc_settings.h"
#include "metrics/render/prometheus/metric_families.h"
#include "metrics/render/prometheus/openmetrics_text.h"
#include "tests/benchmarks/series_sample.h"
#include "tests/limit.h"

/// Serves the same 10,000 series on /metrics until standard input ends, either
/// by prometheus-cpp's Exposer from a Registry or by this project's server from
/// a snapshot that it renders anew for each scrape. Prints the port.
namespace {

using namespace leak_exporter;

void AwaitEnd(int port) {
  std::printf("%d\n", port);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}

void ServeByExposer(const Snapshot& snapshot) {
  const auto registry = std::make_shared<prometheus::Registry>();
  FillRegistry(render::BuildFamilies(LimitAtOnce(snapshot)), *registry);
  prometheus::Exposer exposer("127.0.0.1:0");
  exposer.RegisterCollectable(registry);
  AwaitEnd(exposer.GetListeningPorts().front());
}

http::Response Scrape(const Snapshot& snapshot, http::SharedLimits& limits) {
  http::Response response;
  response.content_type = render::ContentType(render::Dialect::kPrometheusText);
  render::WriteFamilies(render::BuildFamilies(limits.Limit(snapshot)),
                        render::Dialect::kPrometheusText, response.body);
  return response;
}

int ServeByOurs(const Snapshot& snapshot) {
  ConfigureMalloc();
  const auto logger =
      MakeStandardErrorLogger(LogFormat::kLogfmt, LogLevel::kError);
  auto sockets = http::Listen(ListenAddress{"127.0.0.1", 0, ""});
  if (!sockets) {
    std::fprintf(stderr, "%s\n", sockets.error().message.c_str());
    return 1;
  }
  http::SharedLimits limits;
  limits.Configure(ConfigOfTenThousandSeries());
  const http::Server server(
      std::move(*sockets),
      {{"/metrics",
        {"GET"},
        [&](const http::Request&) { return Scrape(snapshot, limits); }}},
      *logger);
  const std::string address = server.Addresses().front();
  AwaitEnd(std::stoi(address.substr(address.rfind(':') + 1)));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Snapshot snapshot = SampleOfTenThousandSeries();
  if (argc == 2 && std::strcmp(argv[1], "exposer") == 0) {
    ServeByExposer(snapshot);
    return 0;
  }
  if (argc == 2 && std::strcmp(argv[1], "leak_exporter") == 0) {
    return ServeByOurs(snapshot);
  }
  std::fprintf(stderr, "usage: serve_series exposer|leak_exporter\n");
  return 2;
}
