#include "metrics/render/prometheus/family_set.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/metrics/render/prometheus/samples.h"

namespace leak_exporter::render {
namespace {

TEST_CASE("family set: families come in the order of the table") {
  FamilySet set;
  set.Add(MetricId::kThreads, {"t", "main"}, 1);
  set.Add(MetricId::kTargetProcesses, {"t"}, 2);
  set.Add(MetricId::kThreads, {"t", "children"}, 3);
  const auto families = set.Take();
  REQUIRE(families.size() == 2);
  CHECK(families[0].name == "leak_target_processes");
  CHECK(families[1].name == "leak_threads");
  CHECK(SamplesOf(families, "leak_threads") ==
        Lines{"{target=t,scope=main} 1", "{target=t,scope=children} 3"});
}

TEST_CASE("family set: the table names and describes each family") {
  FamilySet set;
  set.Add(MetricId::kPythonGcCollectionsTotal, {"t", "0"}, 7);
  set.Add(MetricId::kPythonInfo, {"t", "1", "3.11.2"}, 1);
  set.Add(MetricId::kPythonModules, {"t"}, 1);
  for (const auto& family : set.Take()) {
    const Metric* const metric = FindMetric(family.name);
    REQUIRE(metric != nullptr);
    CHECK(family.help == metric->help);
    CHECK(family.type == (metric->kind == MetricKind::kCounter
                              ? prometheus::MetricType::Counter
                              : prometheus::MetricType::Gauge));
  }
}

TEST_CASE("family set: a counter's value is where its kind has it") {
  FamilySet set;
  set.Add(MetricId::kPythonGcCollectionsTotal, {"t", "0"}, 7);
  set.Add(MetricId::kThreads, {"t", "main"}, 8);
  const auto families = set.Take();
  REQUIRE(families.size() == 2);
  CHECK(families[0].metric[0].gauge.value == 8);
  CHECK(families[1].metric[0].counter.value == 7);
}

TEST_CASE("family set: an absent value is no sample, whatever its type") {
  FamilySet set;
  set.Add(MetricId::kThreads, {"t", "main"}, std::optional<uint64_t>());
  set.Add(MetricId::kResidentMemoryBytes, {"t", "main"},
          std::optional<double>());
  CHECK(set.Take().empty());
  set.Add(MetricId::kThreads, {"t", "main"}, std::optional<uint64_t>(0));
  set.Add(MetricId::kPythonWalkComplete, {"t"}, true);
  CHECK(set.Take().size() == 2);
}

TEST_CASE("family set: what was taken is gone, what was reserved stays empty") {
  FamilySet set;
  set.Reserve(MetricId::kThreads, 1000);
  set.Add(MetricId::kTargetProcesses, {"t"}, 1);
  CHECK(set.Take().size() == 1);
  CHECK(set.Take().empty());
}

}  // namespace
}  // namespace leak_exporter::render
