#include <cstddef>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/render/prometheus/metric_families.h"
#include "metrics/render/prometheus/openmetrics_text.h"
#include "tests/limit.h"
#include "tests/metrics/render/sample_snapshot.h"

namespace {

using leak_exporter::LimitAtOnce;
using leak_exporter::LimitedSnapshot;
using leak_exporter::Snapshot;
using namespace leak_exporter::render;

/// Names of children that nobody would choose: random bytes, many of them
/// close to UTF-8, none NUL, as in a comm.
std::vector<std::string> RandomNames() {
  constexpr size_t kNames = 5000;
  constexpr std::string_view kLikely =
      "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xED\xA0\xF4\x90\x80\xBF\\\"\n";
  std::mt19937 random(1);
  std::vector<std::string> names(kNames);
  for (std::string& name : names) {
    name.resize(random() % 16);
    for (char& byte : name) {
      byte = random() % 3 == 0 ? static_cast<char>(1 + random() % 255)
                               : kLikely[random() % kLikely.size()];
    }
  }
  return names;
}

LimitedSnapshot RandomSeries() {
  auto tree = std::make_shared<leak_exporter::ProcessTreeSnapshot>();
  pid_t pid = 0;
  for (std::string& name : RandomNames()) {
    tree->children.push_back({++pid, 1, 'S', 1, std::move(name), std::nullopt});
  }
  leak_exporter::config::CollectorsConfig tops;
  tops.process_tree.top = tree->children.size();
  Snapshot snapshot;
  snapshot.targets.emplace_back();
  snapshot.targets[0].target = "random";
  snapshot.targets[0].main_processes = {{1, 0}};
  snapshot.targets[0].process_tree = tree;
  return LimitAtOnce(std::move(snapshot), tops);
}

void WriteExposition(const LimitedSnapshot& snapshot, Dialect dialect) {
  const ExporterStatus status = SampleExporterStatus();
  std::string out;
  WriteFamilies(BuildFamilies(snapshot, &status), dialect, out);
  std::cout << out;
}

void WriteHex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    std::cout << kDigits[byte >> 4] << kDigits[byte & 0xF];
  }
  std::cout << '\n';
}

}  // namespace

/// Writes an exposition for the checks by other people's parsers.
int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  const std::string_view what = arguments.empty() ? "" : arguments[0];
  if (what == "names") {
    for (const std::string& name : RandomNames()) WriteHex(name);
    return 0;
  }
  if (arguments.size() != 2) {
    std::cerr << "usage: write_sample names | rich|random text|openmetrics\n";
    return 2;
  }
  WriteExposition(what == "random" ? RandomSeries()
                                   : LimitAtOnce(RichSnapshot(), RichTops()),
                  arguments[1] == "openmetrics" ? Dialect::kOpenMetrics
                                                : Dialect::kPrometheusText);
  return 0;
}
