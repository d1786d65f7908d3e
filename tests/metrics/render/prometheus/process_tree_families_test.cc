#include <optional>
#include <utility>

#include "metrics/render/prometheus/target_sink.h"
#include "tests/catch.h"
#include "tests/metrics/render/prometheus/samples.h"

namespace leak_exporter::render {
namespace {

Snapshot Tree(ProcessTreeSnapshot tree) {
  return OnePart(&TargetSnapshot::process_tree, std::move(tree));
}

TEST_CASE("process tree families: the five common states are always there") {
  CHECK(SamplesOf(Tree({}), "leak_child_processes") ==
        Lines{"{target=t,state=running} 0", "{target=t,state=sleeping} 0",
              "{target=t,state=disk_sleep} 0", "{target=t,state=stopped} 0",
              "{target=t,state=zombie} 0"});
}

TEST_CASE("process tree families: other states have a series when they occur") {
  ProcessTreeSnapshot tree;
  tree.children = {{7, 1, 't', 1, "", std::nullopt},
                   {8, 1, 'x', 1, "", std::nullopt},
                   {9, 1, 'R', 1, "", std::nullopt},
                   {10, 1, 'R', 1, "", std::nullopt}};
  CHECK(SamplesOf(Tree(tree), "leak_child_processes") ==
        Lines{"{target=t,state=running} 2", "{target=t,state=sleeping} 0",
              "{target=t,state=disk_sleep} 0", "{target=t,state=stopped} 0",
              "{target=t,state=zombie} 0", "{target=t,state=tracing_stop} 1",
              "{target=t,state=dead} 1"});
}

TEST_CASE(
    "process tree families: ages are zombies first, then oldest, cut to the "
    "top") {
  ProcessTreeSnapshot tree;
  tree.children = {{10, 1, 'S', 40, "a", std::nullopt},
                   {11, 1, 'Z', 30, "b", 1},
                   {12, 1, 'S', 20, "c", std::nullopt},
                   {13, 1, 'Z', 10.5, "d", 2}};
  config::CollectorsConfig tops;
  tops.process_tree.top = 3;
  const auto families = BuildFamilies(LimitAtOnce(Tree(tree), tops));
  CHECK(SamplesOf(families, "leak_child_age_seconds") ==
        Lines{"{target=t,pid=11,comm=b,state=zombie} 30",
              "{target=t,pid=13,comm=d,state=zombie} 10.5",
              "{target=t,pid=10,comm=a,state=sleeping} 40"});
  CHECK(SamplesOf(families, "leak_child_oldest_age_seconds") ==
        Lines{"{target=t} 40"});
  CHECK(SamplesOf(families, "leak_zombie_oldest_age_seconds") ==
        Lines{"{target=t} 30"});
  CHECK(SamplesOf(families, "leak_zombie_unreaped_seconds") ==
        Lines{"{target=t,pid=13} 2", "{target=t,pid=11} 1"});
  CHECK(SamplesOf(families, "leak_series_dropped") ==
        Lines{"{target=t,family=leak_child_age_seconds} 1",
              "{target=t,family=leak_zombie_unreaped_seconds} 0"});
}

TEST_CASE("process tree families: without zombies no age of one") {
  const auto families = BuildFamilies(LimitAtOnce(Tree({})));
  for (const char* name :
       {"leak_zombie_oldest_age_seconds", "leak_zombie_unreaped_seconds",
        "leak_child_oldest_age_seconds", "leak_child_age_seconds"}) {
    CHECK(SamplesOf(families, name).empty());
  }
}

TEST_CASE("process tree families: containers carry what tells them apart") {
  ProcessTreeSnapshot tree;
  tree.containers = {{7, "c0ffee", "", "/docker/c0ffee"},
                     {9, "", "0f1e", "/kubepods/\xFF"}};
  CHECK(SamplesOf(Tree(tree), "leak_target_container_info") ==
        Lines{"{target=t,pid=7,container_id=c0ffee,pod_uid=,"
              "cgroup=/docker/c0ffee} 1",
              "{target=t,pid=9,container_id=,pod_uid=0f1e,"
              "cgroup=/kubepods/\uFFFD} 1"});
}

}  // namespace
}  // namespace leak_exporter::render
