#include "exporter/http/handlers/landing_page.h"

#include <memory>
#include <string>

#include "tests/catch.h"

namespace leak_exporter::http {
namespace {

TEST_CASE("landing page: says how each target is doing and where to look") {
  Snapshot snapshot;
  snapshot.timestamp_unix_seconds = 1000;
  TargetSnapshot& target = snapshot.targets.emplace_back();
  target.target = "analyzer";
  target.main_processes = {{7, 1}, {9, 1}};
  auto tree = std::make_shared<ProcessTreeSnapshot>();
  tree->children.resize(3);
  tree->children[1].state = 'Z';
  target.process_tree = tree;
  auto memory = std::make_shared<MemorySnapshot>();
  memory->usage.main.resident_bytes = 80 << 20;
  target.memory = memory;
  target.runs.push_back({CollectorId::kMemory, true, 0.0025, 999.5, {}});
  target.runs.push_back({CollectorId::kOpenFiles, true, 0.00004, 880, {}});
  target.runs.push_back(
      {CollectorId::kDiskUsage,
       false,
       12,
       std::nullopt,
       {{ErrorCause::kPermission, 3, "/srv: Permission denied"}}});
  render::ExporterStatus status;
  status.version = "0.1.0";
  const std::string page = LandingPage(snapshot, status, "/metrics");
  CHECK(page.starts_with("<!DOCTYPE html>\n"));
  for (const char* expected :
       {"version 0.1.0", "<h2>analyzer</h2>",
        "2 processes (pid 7, 9), 3 children, 1 zombie among them, 80.0 MiB "
        "resident.",
        "href=\"/metrics\"", "href=\"/metrics?target=analyzer\"",
        "href=\"/debug/memory?target=analyzer\"",
        "href=\"/debug/pid?target=analyzer\"",
        "href=\"/debug/disk?target=analyzer&amp;format=json\"",
        "href=\"/debug/mapping?target=analyzer\"",
        "<td>memory</td><td class=\"good\">ok</td><td>2.5 ms</td>"
        "<td>now</td>",
        "<td>40 µs</td><td>2 min ago</td>",
        "<td>disk_usage</td><td class=\"bad\">failed</td><td>12.0 s</td>"
        "<td>never</td>",
        "permission × 3: /srv: Permission denied"}) {
    CHECK_THAT(page, ContainsSubstring(expected));
  }
  CHECK(page.find("last reload") == std::string::npos);
}

TEST_CASE("landing page: what the outside world chose is only text") {
  Snapshot snapshot;
  TargetSnapshot& target = snapshot.targets.emplace_back();
  target.target = "<script>alert('1')</script>&\"\xff";
  target.runs.push_back({CollectorId::kMemory,
                         false,
                         0,
                         std::nullopt,
                         {{ErrorCause::kIo, 1, "<img src=x>"}}});
  const std::string page = LandingPage(snapshot, {}, "/metrics");
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("<img") == std::string::npos);
  CHECK(page.find('\xff') == std::string::npos);
  CHECK_THAT(page, ContainsSubstring("&lt;script&gt;alert(&#39;1&#39;)"));
  CHECK_THAT(page, ContainsSubstring(
                       "?target=%3Cscript%3Ealert%28%271%27%29%3C%2Fscript%3E"
                       "%26%22%FF\""));
  CHECK_THAT(page, ContainsSubstring("No process matches."));
}

TEST_CASE("landing page: many processes are named in part") {
  Snapshot snapshot;
  TargetSnapshot& target = snapshot.targets.emplace_back();
  for (pid_t pid = 1; pid <= 1000; ++pid) {
    target.main_processes.push_back({pid, 1});
  }
  CHECK_THAT(LandingPage(snapshot, {}, "/metrics"),
             ContainsSubstring(
                 "1000 processes (pid 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …)"));
}

TEST_CASE("landing page: a reload that failed is shown") {
  render::ExporterStatus status;
  status.config_last_reload_successful = false;
  CHECK_THAT(LandingPage({}, status, "/metrics"),
             ContainsSubstring("The last reload of the configuration failed"));
}

}  // namespace
}  // namespace leak_exporter::http
