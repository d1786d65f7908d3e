#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "exporter/http/client_trust.h"
#include "exporter/http/handlers/shared_limits.h"
#include "exporter/http/handlers/withhold_values.h"
#include "exporter/http/message.h"
#include "exporter/reload/reload_queue.h"
#include "exporter/schedule/snapshotter.h"
#include "metrics/render/prometheus/metric_families.h"

namespace leak_exporter::http {

/// What the routes serve. Everything that it refers to is thread-safe and
/// outlives the server.
struct Site {
  const Snapshotter& snapshotter;
  /// Of the series of metrics alone; blocks, JSON and the page are whole.
  SharedLimits& limits;
  /// What the exporter says of itself.
  std::function<render::ExporterStatus()> status;
  std::function<ReloadResult()> reload;
  std::string telemetry_path;
  ClientTrust trust;
  UserOf user_of;
  /// Whether everybody or nobody may reload; absent means clients that may see
  /// everything.
  std::optional<bool> enable_lifecycle = std::nullopt;
  /// Whether the debug blocks are served.
  bool enable_debug = true;
};

/// The exporter's routes: metrics, debug blocks, health, reload, and a page
/// that leads to them unless the metrics are at "/". Values are withheld from
/// clients that may not see them.
std::vector<Route> MakeRoutes(const Site& site);

/// How long a scrape may take. `timeout_header` is the value of its
/// X-Prometheus-Scrape-Timeout-Seconds. The budget is less by half a second, or
/// by a tenth if that is more, so that the answer arrives in time. It is ten
/// seconds if the header is absent or invalid.
std::chrono::nanoseconds ScrapeBudget(std::string_view timeout_header);

}  // namespace leak_exporter::http
