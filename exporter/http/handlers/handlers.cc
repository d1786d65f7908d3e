#include "exporter/http/handlers/handlers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "exporter/http/handlers/landing_page.h"
#include "exporter/http/negotiation.h"
#include "metrics/render/debug/block_collectors.h"
#include "metrics/render/debug/debug_text.h"
#include "metrics/render/json/json.h"
#include "metrics/render/prometheus/openmetrics_text.h"

namespace leak_exporter::http {
namespace {

using std::chrono::duration_cast;
using std::chrono::nanoseconds;
using Seconds = std::chrono::duration<double>;

constexpr std::chrono::seconds kDefaultBudget{10};
// A page that is looked at again and again does not measure each time.
constexpr std::chrono::seconds kPageAge{5};
constexpr Seconds kShortestBudget{0.1};
constexpr Seconds kLongestBudget{300};
// For what comes after measuring: to write the response and to send it.
constexpr Seconds kShortestMargin{0.5};
constexpr double kMarginShare = 0.1;
// A heavy walk goes on beside a scrape. The next scrape has its result.
constexpr std::chrono::milliseconds kBackgroundWait{250};

std::optional<std::vector<std::string>> Restriction(const Request& request,
                                                    std::string_view name) {
  auto values = request.QueryValues(name);
  if (values.empty()) return std::nullopt;
  return values;
}

Response RefuseUnknown(std::string_view what, const std::string& name) {
  return PlainText(400, "unknown " + std::string(what) + " '" + name + "'");
}

/// A 400 where one of the targets is not known.
std::optional<Response> RefuseUnknownTargets(const Site& site,
                                             const SnapshotRequest& request) {
  if (!request.targets) return std::nullopt;
  for (const std::string& name : *request.targets) {
    if (!site.snapshotter.HasTarget(name)) return RefuseUnknown("target", name);
  }
  return std::nullopt;
}

/// Reads the restriction to some collectors into `measure`; a 400 where one of
/// them is not known or not enabled.
std::optional<Response> RestrictCollectors(const Site& site,
                                           const Request& request,
                                           SnapshotRequest& measure) {
  const auto names = Restriction(request, "collect[]");
  if (!names) return std::nullopt;
  measure.collectors.emplace();
  for (const std::string& name : *names) {
    const auto id = FindByName<CollectorId>(name);
    if (!id || !site.snapshotter.HasCollector(*id)) {
      return RefuseUnknown("or disabled collector", name);
    }
    measure.collectors->push_back(*id);
  }
  return std::nullopt;
}

Response Metrics(const Site& site, const Request& request) {
  SnapshotRequest measure{
      Restriction(request, "target"), std::nullopt,
      ScrapeBudget(request.header("X-Prometheus-Scrape-Timeout-Seconds")),
      kBackgroundWait};
  if (auto refusal = RefuseUnknownTargets(site, measure)) return *refusal;
  if (auto refusal = RestrictCollectors(site, request, measure)) {
    return *refusal;
  }
  const LimitedSnapshot snapshot =
      site.limits.Limit(site.snapshotter.Take(measure));
  const render::ExporterStatus status = site.status();
  MetricsFormat format = NegotiateMetricsFormat(request.header("Accept"));
  Response response;
  response.content_type = std::move(format.content_type);
  response.headers.emplace_back("Vary", "Accept");
  render::WriteFamilies(render::BuildFamilies(snapshot, &status),
                        format.openmetrics ? render::Dialect::kOpenMetrics
                                           : render::Dialect::kPrometheusText,
                        response.body);
  return response;
}

Response DebugBlock(const Site& site, render::DebugBlock block,
                    const Request& request) {
  if (!site.enable_debug) {
    return PlainText(403, "the debug blocks are off (--web.enable-debug)");
  }
  const std::array blocks = {block};
  const SnapshotRequest measure{Restriction(request, "target"),
                                render::CollectorsOf(blocks), kDefaultBudget};
  if (auto refusal = RefuseUnknownTargets(site, measure)) return *refusal;
  const auto formats = request.QueryValues("format");
  const std::string format = formats.empty() ? "text" : formats.back();
  if (format != "text" && format != "json") {
    return PlainText(400,
                     "unknown format '" + format + "', expected text or json");
  }
  // Before the client can have gone.
  const Trust trust = site.trust.Of(request);
  Snapshot snapshot = site.snapshotter.Take(measure);
  WithholdValues(trust, site.user_of, snapshot);
  Response response;
  if (format == "json") {
    response.content_type = "application/json";
    response.body = render::BlocksJson(snapshot, blocks);
  } else {
    response.body = render::DebugBlocks(
        snapshot, blocks,
        /*several_targets=*/site.snapshotter.TargetCount() > 1);
  }
  return response;
}

Response Page(const Site& site) {
  const Snapshot snapshot =
      site.snapshotter.Take({.budget = kDefaultBudget,
                             .background_wait = kBackgroundWait,
                             .max_age = kPageAge});
  Response response;
  response.content_type = "text/html; charset=utf-8";
  response.headers.emplace_back(
      "Content-Security-Policy",
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
      "form-action 'none'; frame-ancestors 'none'");
  response.body = LandingPage(snapshot, site.status(), site.telemetry_path);
  return response;
}

Response Reload(const Site& site, const Request& request) {
  if (site.enable_lifecycle == false) {
    return PlainText(403,
                     "reloading over HTTP is off (--web.enable-lifecycle)");
  }
  if (!site.enable_lifecycle && !site.trust.Of(request).MaySeeEverything()) {
    return PlainText(403,
                     "only authenticated clients, root and the exporter's "
                     "user, on its machine and by its name, may reload (see "
                     "--web.enable-lifecycle)");
  }
  const ReloadResult result = site.reload();
  if (result) return PlainText(200, "configuration reloaded");
  std::string text = "configuration not reloaded:";
  for (const std::string& mistake : result.error()) text += '\n' + mistake;
  return PlainText(500, text);
}

}  // namespace

std::vector<Route> MakeRoutes(const Site& site) {
  std::vector<Route> routes;
  const auto get = [&routes](std::string path, Handler handler) {
    routes.push_back({std::move(path), {"GET"}, std::move(handler)});
  };
  get(site.telemetry_path,
      [site](const Request& request) { return Metrics(site, request); });
  get("/", [site](const Request&) { return Page(site); });
  get("/-/healthy", [](const Request&) { return PlainText(200, "healthy"); });
  // Takes the locks that a deadlock would hold.
  get("/-/ready", [site](const Request&) {
    return site.snapshotter.TargetCount() > 0 ? PlainText(200, "ready")
                                              : PlainText(503, "no targets");
  });
  routes.push_back(
      {"/-/reload", {"POST", "PUT"}, [site](const Request& request) {
         return Reload(site, request);
       }});
  const std::array<std::pair<const char*, render::DebugBlock>, 4> blocks = {{
      {"/debug/memory", render::DebugBlock::kMemory},
      {"/debug/pid", render::DebugBlock::kPid},
      {"/debug/disk", render::DebugBlock::kDisk},
      {"/debug/mapping", render::DebugBlock::kMapping},
  }};
  for (const auto& [path, block] : blocks) {
    get(path, [site, shown = block](const Request& request) {
      return DebugBlock(site, shown, request);
    });
  }
  return routes;
}

nanoseconds ScrapeBudget(std::string_view timeout_header) {
  double seconds = 0;
  const char* end = timeout_header.data() + timeout_header.size();
  const auto [stop, code] =
      std::from_chars(timeout_header.data(), end, seconds);
  if (code != std::errc{} || stop != end || !(seconds > 0)) {
    return kDefaultBudget;
  }
  const Seconds timeout = std::min(Seconds(seconds), 2 * kLongestBudget);
  const Seconds margin = std::max(kShortestMargin, timeout * kMarginShare);
  return duration_cast<nanoseconds>(
      std::clamp(timeout - margin, kShortestBudget, kLongestBudget));
}

}  // namespace leak_exporter::http
