#include "metrics/collectors/collectors.h"

#include <chrono>
#include <string>
#include <vector>

#include "config/load_config.h"
#include "tests/catch.h"

namespace leak_exporter {
namespace {

std::vector<CollectorId> IdsOf(const config::CollectorsConfig& config) {
  std::vector<CollectorId> ids;
  for (const auto& collector : MakeCollectors(config, nullptr, nullptr)) {
    ids.push_back(collector->id());
  }
  return ids;
}

/// What a file says that disables all that is not part of another one.
config::CollectorsConfig Disabled() {
  std::string text = "collectors:\n";
  for (const CollectorId id : kValuesOf<CollectorId>) {
    if (id == CollectorId::kTargets || id == CollectorId::kSmaps) continue;
    text += "  " + std::string(NameOf(id)) + ": {enabled: false}\n";
  }
  const auto config = config::ParseConfig(text, config::Targets::kOptional);
  REQUIRE(config);
  return config->collectors;
}

TEST_CASE("collectors: with everything enabled there is one for each id") {
  config::CollectorsConfig config;
  config.memory.smaps = true;
  std::vector<CollectorId> expected(kValuesOf<CollectorId>.begin(),
                                    kValuesOf<CollectorId>.end());
  // The search of processes is not among them.
  expected.erase(expected.begin());
  CHECK(IdsOf(config) == expected);
}

TEST_CASE("collectors: one that is not enabled is not made") {
  using enum CollectorId;
  CHECK(IdsOf(Disabled()).empty());
  config::CollectorsConfig config = Disabled();
  config.memory.smaps = true;
  CHECK(IdsOf(config).empty());
  config.memory.enabled = true;
  CHECK(IdsOf(config) == std::vector{kMemory, kSmaps});
  config = Disabled();
  config.disk_usage.enabled = true;
  config.mappings.enabled = true;
  CHECK(IdsOf(config) == std::vector{kMappings, kDiskUsage});
}

TEST_CASE("collectors: those that take long run in the background") {
  config::CollectorsConfig config;
  config.memory.smaps = true;
  config.memory.smaps_interval = std::chrono::minutes(7);
  config.disk_usage.min_interval = std::chrono::minutes(8);
  config.python_heap.min_interval = std::chrono::minutes(9);
  for (const auto& collector : MakeCollectors(config, nullptr, nullptr)) {
    INFO(NameOf(collector->id()));
    const auto interval = collector->BackgroundInterval();
    switch (collector->id()) {
      case CollectorId::kSmaps:
        CHECK(interval == std::chrono::minutes(7));
        break;
      case CollectorId::kDiskUsage:
        CHECK(interval == std::chrono::minutes(8));
        break;
      case CollectorId::kPythonHeap:
        CHECK(interval == std::chrono::minutes(9));
        break;
      default:
        CHECK_FALSE(interval);
    }
  }
}

}  // namespace
}  // namespace leak_exporter
