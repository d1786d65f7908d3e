#include <optional>
#include <utility>

#include "metrics/render/prometheus/target_sink.h"
#include "tests/catch.h"
#include "tests/metrics/render/prometheus/samples.h"

namespace leak_exporter::render {
namespace {

Snapshot Mappings(MappingsSnapshot mappings) {
  return OnePart(&TargetSnapshot::mappings, std::move(mappings));
}

TEST_CASE("memory families: what is absent has no sample") {
  MemorySnapshot memory;
  memory.usage.main.swap_bytes = 0;
  const auto families = BuildFamilies(
      LimitAtOnce(OnePart(&TargetSnapshot::memory, std::move(memory))));
  // How many processes there are, and since when.
  REQUIRE(families.size() == 5);
  CHECK(families[4].name == "leak_swap_bytes");
  CHECK(SamplesOf(families, "leak_swap_bytes") ==
        Lines{"{target=t,scope=main} 0"});
}

TEST_CASE("memory families: each number has its family, each scope a label") {
  MemorySnapshot memory;
  memory.usage.main = {1, 2, 3, 4, 5, 6};
  memory.usage.children = {11, 12, 13, 14, 15, 16};
  memory.peak_resident_bytes = 7;
  memory.limit_bytes = 8;
  memory.limit_ratio = 0.25;
  memory.cgroup_limit_ratio = 0.5;
  const auto families = BuildFamilies(
      LimitAtOnce(OnePart(&TargetSnapshot::memory, std::move(memory))));
  const auto both = [&](const char* name) {
    const Lines samples = SamplesOf(families, name);
    REQUIRE(samples.size() == 2);
    return samples[0] + " " + samples[1];
  };
  CHECK(both("leak_threads") ==
        "{target=t,scope=main} 1 {target=t,scope=children} 11");
  CHECK(both("leak_resident_memory_bytes") ==
        "{target=t,scope=main} 2 {target=t,scope=children} 12");
  CHECK(both("leak_anonymous_memory_bytes") ==
        "{target=t,scope=main} 3 {target=t,scope=children} 13");
  CHECK(both("leak_file_memory_bytes") ==
        "{target=t,scope=main} 4 {target=t,scope=children} 14");
  CHECK(both("leak_shared_memory_bytes") ==
        "{target=t,scope=main} 5 {target=t,scope=children} 15");
  CHECK(both("leak_swap_bytes") ==
        "{target=t,scope=main} 6 {target=t,scope=children} 16");
  CHECK(SamplesOf(families, "leak_resident_memory_peak_bytes") ==
        Lines{"{target=t} 7"});
  CHECK(SamplesOf(families, "leak_memory_limit_bytes") ==
        Lines{"{target=t} 8"});
  CHECK(SamplesOf(families, "leak_memory_limit_ratio") ==
        Lines{"{target=t} 0.25"});
  CHECK(SamplesOf(families, "leak_cgroup_memory_limit_ratio") ==
        Lines{"{target=t} 0.5"});
}

TEST_CASE("memory families: proportional and unique memory by scope") {
  const Snapshot snapshot =
      OnePart(&TargetSnapshot::proportional_memory,
              ProportionalMemorySnapshot{{{1000, 500}, {2000, std::nullopt}}});
  CHECK(SamplesOf(snapshot, "leak_proportional_memory_bytes") ==
        Lines{"{target=t,scope=main} 1000", "{target=t,scope=children} 2000"});
  CHECK(SamplesOf(snapshot, "leak_unique_memory_bytes") ==
        Lines{"{target=t,scope=main} 500"});
}

TEST_CASE(
    "memory families: the mapping limit divides the count of each scope") {
  MappingsSnapshot mappings;
  mappings.count.main = 30;
  mappings.limit = 65530;
  const Snapshot snapshot = Mappings(mappings);
  CHECK(SamplesOf(snapshot, "leak_mappings") ==
        Lines{"{target=t,scope=main} 30"});
  CHECK(SamplesOf(snapshot, "leak_mappings_limit") ==
        Lines{"{target=t,scope=main} 65530"});
}

TEST_CASE("memory families: mappings past the top are together") {
  MappingsSnapshot mappings;
  mappings.by_name = {{"[heap]", 40}, {"/a", 30}, {"/b", 20}, {"/c", 5}};
  mappings.nameless_bytes = 1;
  config::CollectorsConfig tops;
  tops.mappings.top = 2;
  const Snapshot snapshot = Mappings(mappings);
  CHECK(SamplesOf(snapshot, "leak_mapping_bytes", tops) ==
        Lines{"{target=t,mapping=[heap]} 40", "{target=t,mapping=/a} 30",
              "{target=t,mapping=(other)} 26"});
  CHECK(SamplesOf(snapshot, "leak_series_dropped", tops) ==
        Lines{"{target=t,family=leak_mapping_bytes} 2"});
}

TEST_CASE("memory families: names that repair makes equal are one series") {
  MappingsSnapshot mappings;
  mappings.by_name = {
      {"[heap]", 9}, {"\xFF", 4}, {"\xFE", 3}, {"(other)", 2}, {"/a", 1}};
  config::CollectorsConfig tops;
  tops.mappings.top = 4;
  CHECK(SamplesOf(Mappings(mappings), "leak_mapping_bytes", tops) ==
        Lines{"{target=t,mapping=[heap]} 9", "{target=t,mapping=\uFFFD} 7",
              "{target=t,mapping=(other)} 3"});
}

}  // namespace
}  // namespace leak_exporter::render
