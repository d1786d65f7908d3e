#include "exporter/http/handlers/shared_limits.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::http {
namespace {

config::Config Config(size_t top) {
  config::Config config;
  config.targets.emplace_back().name = "app";
  config.collectors.mappings.top = top;
  return config;
}

Snapshot WithMappings(const std::string& letters) {
  MappingsSnapshot mappings;
  for (const char c : letters) mappings.by_name.push_back({{c}, 1});
  Snapshot snapshot;
  TargetSnapshot& target = snapshot.targets.emplace_back();
  target.target = "app";
  target.mappings = std::make_shared<MappingsSnapshot>(mappings);
  return snapshot;
}

std::string OwnSeries(SharedLimits& limits, const std::string& letters) {
  std::string own;
  const LimitedSnapshot limited = limits.Limit(WithMappings(letters));
  for (const NamedBytes* row : limited.targets.at(0).lists.mappings.own) {
    own += row->name;
  }
  return own;
}

TEST_CASE("shared limits: scrapes agree on the series, a reload changes them") {
  SharedLimits limits;
  limits.Configure(Config(5));
  CHECK(OwnSeries(limits, "abcdefg") == "abcde");
  CHECK(OwnSeries(limits, "abcdfeg") == "abcde");
  limits.Configure(Config(2));
  CHECK(OwnSeries(limits, "abcdfeg") == "ab");
}

TEST_CASE("shared limits: scrapes and reloads may come at the same time") {
  SharedLimits limits;
  limits.Configure(Config(2));
  std::vector<std::thread> scrapes;
  for (int i = 0; i < 4; ++i) {
    scrapes.emplace_back([&limits] {
      for (int turn = 0; turn < 200; ++turn) {
        limits.Limit(WithMappings(turn % 2 == 0 ? "abcd" : "badc"));
      }
    });
  }
  for (int turn = 0; turn < 200; ++turn) limits.Configure(Config(2));
  for (std::thread& scrape : scrapes) scrape.join();
  CHECK(OwnSeries(limits, "abcd").size() == 2);
}

}  // namespace
}  // namespace leak_exporter::http
