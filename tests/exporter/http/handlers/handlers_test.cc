#include "exporter/http/handlers/handlers.h"

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/exporter/schedule/snapshot_bench.h"

namespace leak_exporter::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SiteBench : public SnapshotBench {
 public:
  SiteBench() : routes(MakeRoutes(MakeSite())) {}

  Site MakeSite() {
    return {snapshotter,
            limits,
            [] {
              render::ExporterStatus status;
              status.version = "0.1.0";
              return status;
            },
            [this] { return reload_result; },
            "/metrics",
            ClientTrust("box", 900),
            [](const MainProcess&) { return std::optional<uid_t>(1000); }};
  }

  Response Get(const std::string& path,
               std::vector<std::pair<std::string, std::string>> query = {},
               const std::string& accept = "") {
    Request request;
    request.method = "GET";
    request.path = path;
    request.query = std::move(query);
    request.header = [&accept](const char* name) -> std::string_view {
      if (std::string_view(name) == "Host") return "localhost";
      return std::string_view(name) == "Accept" ? accept : std::string_view();
    };
    request.client = [this] { return client; };
    return RouteTo(path).handler(request);
  }

  const Route& RouteTo(const std::string& path) const {
    for (const Route& route : routes) {
      if (route.path == path) return route;
    }
    throw std::runtime_error("no route " + path);
  }

  SharedLimits limits;
  ReloadResult reload_result;
  Client client = {.on_this_machine = true, .owner = 0};
  std::vector<Route> routes;
};

TEST_CASE("handlers: metrics in the format that was asked for") {
  SiteBench site;
  const Response text = site.Get("/metrics");
  CHECK(text.status == 200);
  CHECK(text.content_type == "text/plain; version=0.0.4; charset=utf-8");
  CHECK_THAT(text.body,
             ContainsSubstring("leak_target_processes{target=\"app\"} 1\n"));
  CHECK_THAT(text.body, ContainsSubstring("leak_exporter_build_info{"));
  CHECK_FALSE(text.body.ends_with("# EOF\n"));
  const Response open =
      site.Get("/metrics", {}, "application/openmetrics-text; version=1.0.0");
  CHECK(open.content_type ==
        "application/openmetrics-text; version=1.0.0; charset=utf-8");
  CHECK(open.body.ends_with("# EOF\n"));
}

TEST_CASE("handlers: metrics of some targets and collectors") {
  SiteBench site;
  const Response some = site.Get(
      "/metrics", {{"collect[]", "memory"}, {"target", "app"}, {"x", "y"}});
  CHECK(some.status == 200);
  CHECK_THAT(some.body, ContainsSubstring("collector=\"memory\"} 1"));
  CHECK(some.body.find("collector=\"process_tree\"") == std::string::npos);
  CHECK(site.tree.gate.entered() == 0);
}

size_t Occurrences(const std::string& text, const std::string& word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != std::string::npos;
       at = text.find(word, at + 1)) {
    ++count;
  }
  return count;
}

TEST_CASE("handlers: series are limited as configured, blocks are whole") {
  SiteBench site;
  site.tree.collect = [](TargetSnapshot& snapshot, ErrorTally&) {
    ProcessTreeSnapshot tree;
    for (pid_t pid = 200; pid < 230; ++pid) {
      tree.children.push_back({pid, 100, 'S', 1, "", std::nullopt});
    }
    snapshot.process_tree = std::make_shared<ProcessTreeSnapshot>(tree);
    return true;
  };
  config::Config config = OneTarget();
  for (const size_t top : {7, 20}) {
    config.collectors.process_tree.top = top;
    site.limits.Configure(config);
    CHECK(Occurrences(site.Get("/metrics").body, "\nleak_child_age_seconds{") ==
          top);
  }
  CHECK(Occurrences(site.Get("/debug/pid", {{"format", "json"}}).body,
                    "\"pid\":2") == 30);
}

TEST_CASE("handlers: unknown names are refused before anything is measured") {
  SiteBench site;
  const Response target =
      site.Get("/metrics", {{"target", "app"}, {"target", "nope"}});
  CHECK(target.status == 400);
  CHECK(target.body == "unknown target 'nope'\n");
  const Response collector = site.Get("/metrics", {{"collect[]", ""}});
  CHECK(collector.status == 400);
  CHECK(collector.body == "unknown or disabled collector ''\n");
  CHECK(site.Get("/debug/pid", {{"target", "nope"}}).status == 400);
  const Response format = site.Get("/debug/pid", {{"format", "xml"}});
  CHECK(format.status == 400);
  CHECK(format.body == "unknown format 'xml', expected text or json\n");
  CHECK(site.target.gate.entered() == 0);
}

TEST_CASE("handlers: debug blocks as text and JSON") {
  SiteBench site;
  const Response text = site.Get("/debug/pid");
  CHECK(text.content_type == "text/plain; charset=utf-8");
  CHECK(text.body.starts_with("### DEBUG: BEGIN PID PROFILE ###\n"));
  CHECK(site.memory.gate.entered() == 0);
  const Response json = site.Get("/debug/pid", {{"format", "json"}});
  CHECK(json.content_type == "application/json");
  CHECK_THAT(json.body, ContainsSubstring("\"pid_profile\""));
  for (const char* path : {"/debug/memory", "/debug/disk", "/debug/mapping"}) {
    CHECK_THAT(site.Get(path).body, ContainsSubstring("PROFILE ###\n"));
  }
}

TEST_CASE("handlers: a block names its target where there are several") {
  SiteBench site;
  config::Config config = OneTarget();
  config.targets.push_back(OneTarget("other").targets[0]);
  site.snapshotter.Configure(config);
  const Response text = site.Get("/debug/pid", {{"target", "other"}});
  CHECK(text.body.starts_with(
      "### DEBUG: BEGIN PID PROFILE (other, pid 100) ###\n"));
  CHECK(text.body.find("app") == std::string::npos);
}

TEST_CASE("handlers: health, readiness and the page") {
  SiteBench site;
  CHECK(site.Get("/-/healthy").body == "healthy\n");
  CHECK(site.Get("/-/ready").status == 200);
  CHECK(site.target.gate.entered() == 0);
  const Response page = site.Get("/");
  CHECK(page.content_type == "text/html; charset=utf-8");
  CHECK_THAT(page.body, ContainsSubstring("<h2>app</h2>"));
}

TEST_CASE("handlers: reload says what came of it") {
  SiteBench site;
  CHECK(site.RouteTo("/-/reload").methods ==
        std::vector<std::string>{"POST", "PUT"});
  CHECK(site.Get("/-/reload").status == 200);
  site.reload_result =
      tl::unexpected(std::vector<std::string>{"x.yml:1:1: a", "x.yml:2:1: b"});
  const Response failed = site.Get("/-/reload");
  CHECK(failed.status == 500);
  CHECK(failed.body ==
        "configuration not reloaded:\nx.yml:1:1: a\nx.yml:2:1: b\n");
}

TEST_CASE("handlers: who may reload") {
  SiteBench site;
  site.client.owner = 1000;
  const Response refused = site.Get("/-/reload");
  CHECK(refused.status == 403);
  CHECK(refused.body ==
        "only authenticated clients, root and the exporter's user, on its "
        "machine and by its name, may "
        "reload (see --web.enable-lifecycle)\n");
  Site served = site.MakeSite();
  served.enable_lifecycle = true;
  site.routes = MakeRoutes(served);
  CHECK(site.Get("/-/reload").status == 200);
  served.enable_lifecycle = false;
  site.routes = MakeRoutes(served);
  site.client.owner = 0;
  const Response off = site.Get("/-/reload");
  CHECK(off.status == 403);
  CHECK(off.body == "reloading over HTTP is off (--web.enable-lifecycle)\n");
}

TEST_CASE("handlers: the debug blocks can be switched off") {
  SiteBench site;
  Site served = site.MakeSite();
  served.enable_debug = false;
  site.routes = MakeRoutes(served);
  const Response off = site.Get("/debug/memory");
  CHECK(off.status == 403);
  CHECK(off.body == "the debug blocks are off (--web.enable-debug)\n");
  CHECK(site.target.gate.entered() == 0);
  CHECK(site.Get("/metrics").status == 200);
}

TEST_CASE("handlers: a scrape may take what its header leaves") {
  struct Case {
    const char* header;
    milliseconds budget;
  };
  const auto [header, budget] =
      GENERATE(Case{"10.000000", milliseconds(9000)}, Case{"60", seconds(54)},
               Case{"5", milliseconds(4500)}, Case{"1", milliseconds(500)},
               Case{"0.55", milliseconds(100)}, Case{"0.1", milliseconds(100)},
               Case{"1e300", seconds(300)}, Case{"inf", seconds(300)},
               Case{"", seconds(10)}, Case{"0", seconds(10)},
               Case{"-5", seconds(10)}, Case{"nan", seconds(10)},
               Case{"10s", seconds(10)}, Case{"x", seconds(10)});
  CAPTURE(header);
  CHECK(ScrapeBudget(header) == budget);
}

}  // namespace
}  // namespace leak_exporter::http
