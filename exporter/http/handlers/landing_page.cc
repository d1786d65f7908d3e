#include "exporter/http/handlers/landing_page.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string_view>

#include "metrics/base/utf8.h"

namespace leak_exporter::http {
namespace {

// Nobody reads more. A target may match thousands of processes.
constexpr size_t kMostPids = 10;

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>leak_exporter</title>
<style>
:root { color-scheme: light dark; --line: #d0d4d9; --soft: #5b6570;
  --card: #f6f7f9; --link: #0a58a8; --bad: #b3261e; --good: #1d7a3e; }
@media (prefers-color-scheme: dark) { :root { --line: #3a4149;
  --soft: #9aa5b1; --card: #1d2126; --link: #7db7f5; --bad: #ff8a80;
  --good: #7bd69a; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { margin: 0; font-size: 1.6rem; }
h2 { margin: 0; font-size: 1.2rem; overflow-wrap: anywhere; }
p { margin: .4rem 0; }
a { color: var(--link); }
.soft { color: var(--soft); }
.bad { color: var(--bad); }
.good { color: var(--good); }
section { border: 1px solid var(--line); background: var(--card);
  border-radius: .5rem; padding: 1rem; margin: 1rem 0; overflow-x: auto; }
nav span { display: inline-block; margin-right: 1rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem;
  margin-top: .6rem; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; min-width: 4rem;
  border-top: 1px solid var(--line); vertical-align: top;
  white-space: nowrap; }
th:first-child { min-width: 8rem; }
th:last-child { width: 100%; min-width: 14rem; }
td:last-child { white-space: normal; overflow-wrap: anywhere; }
th { font-weight: 600; }
</style>
</head>
<body>
)";

/// Escapes text and attribute values. Ill-formed UTF-8 is repaired.
std::string Escape(std::string_view text) {
  std::string escaped;
  for (const char c : RepairUtf8(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

/// Escapes a value in the query of a URL (RFC 3986, 2.3).
std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[byte >> 4];
    encoded += kDigits[byte & 15];
  }
  return encoded;
}

void AppendLink(std::string& page, const std::string& url,
                std::string_view text) {
  page += "<a href=\"" + Escape(url) + "\">" + Escape(text) + "</a>";
}

std::string Count(size_t number, std::string_view one, std::string_view more) {
  return std::to_string(number) + ' ' + std::string(number == 1 ? one : more);
}

std::string Mebibytes(uint64_t bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f MiB",
                static_cast<double>(bytes) / (1 << 20));
  return text.data();
}

std::string Duration(double seconds) {
  struct Unit {
    double below;
    double factor;
    const char* format;
  };
  constexpr std::array kUnits = {
      Unit{1e-3, 1e6, "%.0f µs"},
      Unit{1, 1e3, "%.1f ms"},
      Unit{120, 1, "%.1f s"},
      Unit{HUGE_VAL, 1.0 / 60, "%.0f min"},
  };
  const auto unit =
      std::find_if(kUnits.begin(), kUnits.end() - 1,
                   [seconds](const Unit& u) { return seconds < u.below; });
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit->format, seconds * unit->factor);
  return text.data();
}

std::string Age(std::optional<double> timestamp, double now) {
  if (!timestamp) return "never";
  const double seconds = now - *timestamp;
  return seconds < 1 ? "now" : Duration(seconds) + " ago";
}

/// "2 processes (pid 7, 9), 12 children, 3 of them zombies, 80.0 MiB resident"
std::string Summary(const TargetSnapshot& target) {
  const auto& processes = target.main_processes;
  if (processes.empty()) {
    return AreMainProcessesKnown(target) ? "No process matches."
                                         : "The processes are not known.";
  }
  std::string text = Count(processes.size(), "process", "processes") + " (pid ";
  for (size_t i = 0; i < std::min(processes.size(), kMostPids); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(processes[i].pid);
  }
  text += processes.size() > kMostPids ? ", …)" : ")";
  if (target.process_tree) {
    const auto& children = target.process_tree->children;
    const auto zombies = std::count_if(
        children.begin(), children.end(),
        [](const ChildProcess& child) { return child.state == 'Z'; });
    text += ", " + Count(children.size(), "child", "children");
    if (zombies > 0) {
      text += ", " + Count(static_cast<size_t>(zombies), "zombie", "zombies") +
              " among them";
    }
  }
  if (target.memory) {
    const auto& resident_bytes = target.memory->usage.main.resident_bytes;
    if (resident_bytes) text += ", " + Mebibytes(*resident_bytes) + " resident";
  }
  return text + '.';
}

void AppendRun(std::string& page, const CollectorRun& run, double now) {
  page += "<tr><td>" + Escape(NameOf(run.collector)) + "</td>";
  page += run.success ? "<td class=\"good\">ok</td>"
                      : "<td class=\"bad\">failed</td>";
  page += "<td>" + Duration(run.duration_seconds) + "</td><td>";
  page += Age(run.timestamp_unix_seconds, now);
  page += "</td><td>";
  for (const CollectorError& error : run.errors) {
    page += "<div>" + Escape(NameOf(error.cause)) + " × " +
            std::to_string(error.count) + ": " + Escape(error.message) +
            "</div>";
  }
  page += "</td></tr>\n";
}

void AppendTarget(std::string& page, const TargetSnapshot& target, double now,
                  const std::string& telemetry_path) {
  const std::string query = "?target=" + PercentEncode(target.target);
  page += "<section>\n<h2>" + Escape(target.target) + "</h2>\n<p>" +
          Escape(Summary(target)) + "</p>\n<nav><span>";
  AppendLink(page, telemetry_path + query, "metrics");
  page += "</span>";
  for (const char* block : {"memory", "pid", "disk", "mapping"}) {
    const std::string url = std::string("/debug/") + block + query;
    page += "\n<span>";
    AppendLink(page, url, std::string(block) + " profile");
    page += " (";
    AppendLink(page, url + "&format=json", "JSON");
    page += ")</span>";
  }
  page +=
      "</nav>\n<table>\n<tr><th>Collector</th><th>State</th><th>Took</th>"
      "<th>Measured</th><th>Errors</th></tr>\n";
  for (const CollectorRun& run : target.runs) AppendRun(page, run, now);
  page += "</table>\n</section>\n";
}

}  // namespace

std::string LandingPage(const Snapshot& snapshot,
                        const render::ExporterStatus& status,
                        const std::string& telemetry_path) {
  std::string page(kHead);
  page += "<header>\n<h1>leak_exporter</h1>\n<p class=\"soft\">version " +
          Escape(status.version) + ", revision " + Escape(status.revision) +
          "</p>\n<p>Says from outside what an application leaks: processes, "
          "memory, Python objects, files, disk.</p>\n<nav><span>";
  AppendLink(page, telemetry_path, "metrics of all targets");
  page += "</span>\n<span>";
  AppendLink(page, "/-/healthy", "health");
  page += "</span></nav>\n</header>\n<main>\n";
  if (!status.config_last_reload_successful.value_or(true)) {
    page +=
        "<p class=\"bad\">The last reload of the configuration failed; the one "
        "before it is in force. The log says why.</p>\n";
  }
  for (const TargetSnapshot& target : snapshot.targets) {
    AppendTarget(page, target, snapshot.timestamp_unix_seconds, telemetry_path);
  }
  page += "</main>\n</body>\n</html>\n";
  return page;
}

}  // namespace leak_exporter::http
