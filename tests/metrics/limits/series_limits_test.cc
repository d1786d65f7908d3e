#include "metrics/limits/series_limits.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

using Indices = std::vector<size_t>;

constexpr size_t kTop = 5;

/// A configuration of these targets whose lists have five series each.
config::Config Config(const std::vector<std::string>& targets,
                      size_t top = kTop) {
  config::Config config;
  for (const std::string& name : targets) {
    config.targets.emplace_back().name = name;
  }
  config.collectors.process_tree.top = top + 1;
  config.collectors.mappings.top = top;
  config.collectors.disk_usage.top = top;
  config.collectors.python_heap.top = top;
  return config;
}

/// A target whose lists have a row for each letter, in their order.
TargetSnapshot Target(const std::string& name, const std::string& mappings,
                      const std::string& directories = "",
                      const std::string& types = "") {
  TargetSnapshot target;
  target.target = name;
  target.main_processes = {{1, 0, {}}};
  MappingsSnapshot by_name;
  for (const char c : mappings) by_name.by_name.push_back({{c}, 1});
  DiskUsageSnapshot disk;
  for (const char c : directories) {
    disk.temporary_directories.push_back({7, 1, {c}, {{1, 1, 1}}, ""});
  }
  PythonHeapSnapshot heap;
  heap.sums.main.emplace();
  for (const char c : types) heap.sums.main->types.push_back({{c}, 1, 1});
  target.mappings = std::make_shared<MappingsSnapshot>(by_name);
  target.disk_usage = std::make_shared<DiskUsageSnapshot>(disk);
  target.python_heap = std::make_shared<PythonHeapSnapshot>(heap);
  return target;
}

Snapshot Of(std::vector<TargetSnapshot> targets) {
  Snapshot snapshot;
  snapshot.targets = std::move(targets);
  return snapshot;
}

/// The letters of the mappings that have series in a scrape of one target.
std::string Mappings(SeriesLimits& limits, const std::string& target,
                     const std::string& letters) {
  const auto choices = limits.Choose(Of({Target(target, letters)}));
  std::string chosen;
  for (const size_t i : choices.at(0).mappings) chosen += letters[i];
  return chosen;
}

TEST_CASE("series limits: each list has its own limit and its own memory") {
  SeriesLimits limits;
  config::Config config = Config({"a"});
  config.collectors.mappings.top = 3;
  config.collectors.disk_usage.top = 2;
  config.collectors.python_heap.top = 1;
  limits.Configure(config);
  const auto choice =
      limits.Choose(Of({Target("a", "abcde", "abcd", "abc")})).at(0);
  CHECK(choice.children == kTop + 1);
  CHECK(choice.mappings == Indices{0, 1, 2});
  CHECK(choice.temporary_directories == Indices{0, 1});
  CHECK(choice.python_types.main == Indices{0});
  // What was third stays, in one list and not in another.
  const auto later =
      limits.Choose(Of({Target("a", "abdc", "acbd", "bac")})).at(0);
  CHECK(later.mappings == Indices{0, 1, 3});
  CHECK(later.temporary_directories == Indices{0, 2});
  CHECK(later.python_types.main == Indices{1});
}

TEST_CASE("series limits: rows that change places at the edge do not flicker") {
  SeriesLimits limits;
  limits.Configure(Config({"a"}));
  const auto of = [&](const std::string& letters) {
    return limits.Choose(Of({Target("a", letters, letters, letters)})).at(0);
  };
  for (const char* letters : {"abcdefg", "abcdfeg", "abcdefg", "abcdfeg"}) {
    const RowChoice choice = of(letters);
    const Indices expected =
        letters[4] == 'e' ? Indices{0, 1, 2, 3, 4} : Indices{0, 1, 2, 3, 5};
    CHECK(choice.mappings == expected);
    CHECK(choice.temporary_directories == expected);
    CHECK(choice.python_types.main == expected);
  }
}

TEST_CASE("series limits: scopes do not share what is remembered of types") {
  SeriesLimits limits;
  config::Config config = Config({"a"});
  config.collectors.python_heap.top = 1;
  limits.Configure(config);
  const auto choose = [&](const char* main, const char* children) {
    PythonHeapSnapshot heap;
    for (const char c : std::string(main)) {
      if (!heap.sums.main) heap.sums.main.emplace();
      heap.sums.main->types.push_back({{c}, 1, 1});
    }
    for (const char c : std::string(children)) {
      if (!heap.sums.children) heap.sums.children.emplace();
      heap.sums.children->types.push_back({{c}, 1, 1});
    }
    TargetSnapshot target = Target("a", "");
    target.python_heap = std::make_shared<PythonHeapSnapshot>(heap);
    return limits.Choose(Of({target})).at(0).python_types;
  };
  auto choice = choose("ab", "ba");
  CHECK(choice.main == Indices{0});
  CHECK(choice.children == Indices{0});
  choice = choose("ba", "ab");
  CHECK(choice.main == Indices{1});
  CHECK(choice.children == Indices{1});
  choice = choose("ab", "");
  CHECK(choice.main == Indices{0});
  CHECK(choice.children.empty());
}

TEST_CASE("series limits: targets do not share what is remembered") {
  SeriesLimits limits;
  limits.Configure(Config({"a", "b"}));
  CHECK(Mappings(limits, "a", "abcdefg") == "abcde");
  CHECK(Mappings(limits, "b", "abcdfeg") == "abcdf");
  const auto both =
      limits.Choose(Of({Target("b", "abcdefg"), Target("a", "abcdfeg")}));
  REQUIRE(both.size() == 2);
  CHECK(both[0].mappings == Indices{0, 1, 2, 3, 5});
  CHECK(both[1].mappings == Indices{0, 1, 2, 3, 5});
}

TEST_CASE("series limits: a scrape of something else leaves memory alone") {
  SeriesLimits limits;
  limits.Configure(Config({"a", "b"}));
  CHECK(Mappings(limits, "a", "abcdefg") == "abcde");
  CHECK(Mappings(limits, "b", "xyz") == "xyz");
  TargetSnapshot without = Target("a", "");
  without.mappings = nullptr;
  without.disk_usage = nullptr;
  without.python_heap = nullptr;
  const auto none = limits.Choose(Of({without})).at(0);
  CHECK(none.mappings.empty());
  CHECK(none.temporary_directories.empty());
  CHECK(none.python_types.main.empty());
  CHECK(limits.Choose({}).empty());
  CHECK(Mappings(limits, "a", "abcdfeg") == "abcde");
}

TEST_CASE("series limits: memory outlives a reload of the target's limit") {
  SeriesLimits limits;
  limits.Configure(Config({"a"}));
  CHECK(Mappings(limits, "a", "abcdefg") == "abcde");
  limits.Configure(Config({"b", "a"}));
  CHECK(Mappings(limits, "a", "abcdfeg") == "abcde");
  limits.Configure(Config({"a"}, 2));
  CHECK(Mappings(limits, "a", "abcdfeg") == "ab");
}

TEST_CASE("series limits: a target that is not configured is forgotten") {
  SeriesLimits limits;
  limits.Configure(Config({"a"}));
  CHECK(Mappings(limits, "a", "abcdefg") == "abcde");
  limits.Configure(Config({"b"}));
  // It was measured before the reload; it is limited, and not remembered.
  CHECK(Mappings(limits, "a", "abcdfeg") == "abcdf");
  CHECK(Mappings(limits, "a", "abcdefg") == "abcde");
  limits.Configure(Config({"a"}));
  CHECK(Mappings(limits, "a", "abcdfeg") == "abcdf");
}

TEST_CASE("series limits: directories that were not measured do not count") {
  SeriesLimits limits;
  limits.Configure(Config({"a"}, 2));
  DiskUsageSnapshot disk;
  disk.temporary_directories = {{1, 9, "/a", std::nullopt, "denied"},
                                {2, 9, "/b", {{30, 0, 0}}, ""},
                                {3, 9, "/c", std::nullopt, "denied"},
                                {4, 9, "/d", {{20, 0, 0}}, ""},
                                {5, 9, "/e", {{10, 0, 0}}, ""}};
  TargetSnapshot target = Target("a", "");
  target.disk_usage = std::make_shared<DiskUsageSnapshot>(disk);
  CHECK(limits.Choose(Of({target})).at(0).temporary_directories ==
        Indices{1, 3});
}

TEST_CASE("series limits: the same path below two roots is two directories") {
  SeriesLimits limits;
  limits.Configure(Config({"a"}, 1));
  const auto of = [&](std::vector<TemporaryDirectory> directories) {
    DiskUsageSnapshot disk;
    disk.temporary_directories = std::move(directories);
    TargetSnapshot target = Target("a", "");
    target.disk_usage = std::make_shared<DiskUsageSnapshot>(disk);
    return limits.Choose(Of({target})).at(0).temporary_directories;
  };
  const TemporaryDirectory one{0, 1, "/tmp/a", {{2, 0, 0}}, ""};
  const TemporaryDirectory two{0, 2, "/tmp/a", {{1, 0, 0}}, ""};
  CHECK(of({one, two}) == Indices{0});
  CHECK(of({two, one}) == Indices{1});
}

}  // namespace
}  // namespace leak_exporter
