#include "metrics/limits/limited_snapshot.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

/// The only target, which has this part, with the rows that are chosen.
template <typename T>
LimitedTarget Limited(Part<T> TargetSnapshot::*member, T part,
                      RowChoice choice) {
  TargetSnapshot target;
  target.target = "t";
  target.*member = std::make_shared<T>(std::move(part));
  Snapshot snapshot;
  snapshot.targets = {std::move(target)};
  LimitedSnapshot limited = Limit(std::move(snapshot), {std::move(choice)});
  return std::move(limited.targets.at(0));
}

std::vector<pid_t> Pids(const LimitedRows<ChildProcess>& children) {
  std::vector<pid_t> pids;
  children.ForEach(
      [&](const ChildProcess& child) { pids.push_back(child.pid); });
  return pids;
}

TEST_CASE("limited snapshot: children are zombies first, then the oldest") {
  ProcessTreeSnapshot tree;
  tree.children = {{10, 1, 'S', 40, "", std::nullopt},
                   {11, 1, 'Z', 30, "", 1},
                   {12, 1, 'S', 20, "", std::nullopt},
                   {13, 1, 'Z', 10.5, "", 2},
                   {14, 1, 'Z', 10, "", 2}};
  const auto with_top = [&](size_t top) {
    RowChoice choice;
    choice.children = top;
    return Limited(&TargetSnapshot::process_tree, tree, choice);
  };
  CHECK(Pids(with_top(4).lists.children_by_age) ==
        std::vector<pid_t>{11, 13, 14, 10});
  CHECK(with_top(4).lists.children_by_age.dropped == 1);
  CHECK(Pids(with_top(9).lists.children_by_age) ==
        std::vector<pid_t>{11, 13, 14, 10, 12});
  CHECK(with_top(9).lists.children_by_age.dropped == 0);
  CHECK(Pids(with_top(0).lists.children_by_age).empty());
  CHECK(with_top(0).lists.children_by_age.dropped == 5);
  // The longest unreaped first, the younger pid where they are equal.
  CHECK(Pids(with_top(2).lists.children_by_time_unreaped) ==
        std::vector<pid_t>{14, 13});
  CHECK(with_top(2).lists.children_by_time_unreaped.dropped == 1);
  CHECK(Pids(with_top(9).lists.children_by_time_unreaped) ==
        std::vector<pid_t>{14, 13, 11});
  CHECK_FALSE(with_top(2).lists.children_by_age.other);
  CHECK_FALSE(with_top(2).lists.children_by_time_unreaped.other);
}

TEST_CASE("limited snapshot: mappings that are not chosen are summed") {
  MappingsSnapshot mappings;
  mappings.by_name = {{"a", 40}, {"b", 30}, {"c", 20}, {"d", 5}};
  RowChoice choice;
  choice.mappings = {0, 2};
  const auto limited = Limited(&TargetSnapshot::mappings, mappings, choice);
  const auto& rows = limited.lists.mappings;
  REQUIRE(rows.own.size() == 2);
  CHECK(rows.own[0]->name == "a");
  CHECK(rows.own[1]->name == "c");
  CHECK(rows.dropped == 2);
  REQUIRE(rows.other);
  CHECK(rows.other->name == "(other)");
  CHECK(rows.other->bytes == 35);
}

TEST_CASE("limited snapshot: what has no name is a rest of its own") {
  MappingsSnapshot mappings;
  mappings.by_name = {{"a", 40}};
  RowChoice choice;
  choice.mappings = {0};
  CHECK_FALSE(Limited(&TargetSnapshot::mappings, mappings, choice)
                  .lists.mappings.other);
  mappings.nameless_bytes = 7;
  const auto limited = Limited(&TargetSnapshot::mappings, mappings, choice);
  CHECK(limited.lists.mappings.dropped == 0);
  CHECK(limited.lists.mappings.other.value().bytes == 7);
}

TEST_CASE("limited snapshot: directories that were not measured have no rest") {
  DiskUsageSnapshot disk;
  disk.temporary_directories = {{1, 9, "/a", {{30, 512, 1}}, ""},
                                {2, 9, "/b", {{20, 512, 1}}, ""},
                                {3, 9, "/c", std::nullopt, "denied"}};
  RowChoice choice;
  choice.temporary_directories = {0, 1};
  const auto both = Limited(&TargetSnapshot::disk_usage, disk, choice);
  CHECK(both.lists.temporary_directories.own.size() == 2);
  CHECK(both.lists.temporary_directories.dropped == 0);
  CHECK_FALSE(both.lists.temporary_directories.other);
  choice.temporary_directories = {};
  const auto none = Limited(&TargetSnapshot::disk_usage, disk, choice);
  const auto& rows = none.lists.temporary_directories;
  CHECK(rows.own.empty());
  CHECK(rows.dropped == 2);
  CHECK(rows.other.value().path == "(other)");
  CHECK(rows.other.value().pid == 0);
  CHECK(rows.other.value().usage.value().apparent_bytes == 50);
}

TEST_CASE("limited snapshot: bytes of types are absent where none is known") {
  PythonHeapSnapshot heap;
  PythonHeapSums& sums = heap.sums.children.emplace();
  sums.types = {{"a", 5, 50}, {"b", 4, std::nullopt}, {"c", 3, 30}};
  sums.untracked = {{"str", 9, 90}, {"int", 8, 80}};
  RowChoice choice;
  choice.python_types.children = {0};
  const auto one = Limited(&TargetSnapshot::python_heap, heap, choice);
  const auto& types = one.lists.python_types;
  CHECK(types.main.empty());
  CHECK(types.children.own.size() == 1);
  CHECK(types.children.dropped == 2);
  CHECK(types.children.other.value().name == "(other)");
  CHECK(types.children.other.value().objects == 7);
  CHECK(types.children.other.value().bytes == 30);
  CHECK(one.lists.python_untracked.main.empty());
  CHECK(one.lists.python_processes.own.empty());
  CHECK(one.lists.python_untracked.children.own.size() == 2);
  CHECK(one.lists.python_untracked.children.dropped == 0);
  choice.python_types.children = {0, 2};
  CHECK_FALSE(Limited(&TargetSnapshot::python_heap, heap, choice)
                  .lists.python_types.children.other.value()
                  .bytes);
}

TEST_CASE("limited snapshot: the rest comes last, and alone is not nothing") {
  LimitedRows<NamedBytes> rows;
  CHECK(rows.empty());
  rows.other = NamedBytes{"(other)", 1};
  CHECK_FALSE(rows.empty());
  const NamedBytes first{"a", 2};
  rows.own = {&first};
  std::string names;
  rows.ForEach([&](const NamedBytes& row) { names += row.name; });
  CHECK(names == "a(other)");
}

TEST_CASE("limited snapshot: a target keeps all it had, and may be moved") {
  Snapshot snapshot;
  for (const char* name : {"a", "b"}) {
    TargetSnapshot& target = snapshot.targets.emplace_back();
    target.target = name;
    target.main_processes = {{1, 0, {}}};
    target.memory = std::make_shared<MemorySnapshot>();
    MappingsSnapshot mappings;
    mappings.by_name = {{name, 1}};
    target.mappings = std::make_shared<MappingsSnapshot>(mappings);
    target.runs = {{CollectorId::kMemory, true, 0, 1, {}}};
  }
  RowChoice choice;
  choice.mappings = {0};
  LimitedSnapshot first = Limit(std::move(snapshot), {choice, choice});
  const LimitedSnapshot limited = std::move(first);
  REQUIRE(limited.targets.size() == 2);
  CHECK(limited.targets[1].whole.target == "b");
  CHECK(limited.targets[1].whole.memory);
  CHECK(limited.targets[1].whole.runs.size() == 1);
  CHECK(limited.targets[1].lists.mappings.own.at(0)->name == "b");
}

}  // namespace
}  // namespace leak_exporter
