#include "metrics/collectors/mappings.h"

#include <cstddef>
#include <cstdint>
#include <iomanip>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/collect.h"
#include "tests/fake_proc.h"

namespace leak_exporter {
namespace {

constexpr uint64_t kKilobyte = 1024;

/// The text of a maps file whose mappings have these sizes and names.
std::string Maps(const std::vector<NamedBytes>& mappings) {
  std::ostringstream text;
  uint64_t start = 0x10000;
  for (const auto& [name, bytes] : mappings) {
    text << std::hex << start << '-' << start + bytes << std::dec
         << " rw-p 00000000 00:00 0   " << name << '\n';
    start += bytes;
  }
  return text.str();
}

std::string MapsOfSize(size_t count) {
  return Maps(std::vector<NamedBytes>(count, {"", 4 * kKilobyte}));
}

std::vector<std::string> Rows(const std::vector<NamedBytes>& mappings) {
  std::vector<std::string> rows;
  for (const auto& [name, bytes] : mappings) {
    rows.push_back(std::to_string(bytes / kKilobyte) + " " + name);
  }
  return rows;
}

TEST_CASE("mappings: those over the threshold, smallest first, and the total") {
  const FakeProc proc;
  proc.Write(7, "maps",
             Maps({{"/usr/bin/app", 2000 * kKilobyte},
                   {"/lib/just", 1000 * kKilobyte},
                   {"[heap]", 1004 * kKilobyte},
                   {"", 5000 * kKilobyte},
                   {"/b", 2000 * kKilobyte},
                   {"[anon:pool]", 1500 * kKilobyte},
                   {"[stack]", 132 * kKilobyte},
                   {"[vsyscall]", 4 * kKilobyte}}));
  MappingsCollector collector({});
  const auto [success, snapshot, errors] =
      Collect(collector, proc.fs(), TreeOf({SampleOf(proc.fs(), 7)}));
  REQUIRE(success);
  CHECK(errors.empty());
  const MappingsSnapshot& mappings = *snapshot.mappings;
  REQUIRE(mappings.processes.size() == 1);
  CHECK(mappings.processes[0].pid == 7);
  CHECK(Rows(mappings.processes[0].mappings) ==
        std::vector<std::string>{"1004 [heap]", "1500 anon", "2000 /b",
                                 "2000 /usr/bin/app", "5000 anon"});
  CHECK(mappings.processes[0].total_bytes == 12640 * kKilobyte);
  CHECK(Rows(mappings.by_name) ==
        std::vector<std::string>{"6500 anon", "2000 /b", "2000 /usr/bin/app",
                                 "1004 [heap]"});
  CHECK(mappings.nameless_bytes == 0);
  CHECK(mappings.anonymous_count == 2U);
  CHECK(mappings.count.main == 8U);
  CHECK_FALSE(mappings.count.children);
  // The tree has no sys/vm: that is no failure.
  CHECK_FALSE(mappings.limit);
}

TEST_CASE("mappings: names are summed over the main processes, largest first") {
  const FakeProc proc;
  proc.Write(7, "maps", Maps({{"/a", 30 * kKilobyte}, {"/b", 20 * kKilobyte}}));
  proc.Write(8, "maps",
             Maps({{"/c", 20 * kKilobyte},
                   {"/a", 5 * kKilobyte},
                   {"/d", 5 * kKilobyte}}));
  proc.Write("sys/vm/max_map_count", "65530\n");
  MappingsCollector collector({.threshold_bytes = 4 * kKilobyte});
  const auto [success, snapshot, errors] =
      Collect(collector, proc.fs(),
              TreeOf({SampleOf(proc.fs(), 7), SampleOf(proc.fs(), 8)}));
  REQUIRE(success);
  CHECK(errors.empty());
  const MappingsSnapshot& mappings = *snapshot.mappings;
  CHECK(mappings.processes.size() == 2);
  CHECK(Rows(mappings.by_name) ==
        std::vector<std::string>{"35 /a", "20 /b", "20 /c", "5 /d"});
  CHECK(mappings.nameless_bytes == 0);
  CHECK(mappings.anonymous_count == 0U);
  CHECK(mappings.count.main == 3U);
  CHECK(mappings.limit == 65530U);
}

TEST_CASE("mappings: the count is that of the process that has most") {
  const FakeProc proc;
  proc.Write(7, "maps", MapsOfSize(3));
  proc.Write(8, "maps", MapsOfSize(9));
  proc.Write(9, "maps", MapsOfSize(4));
  proc.Write(10, "maps", "");
  MappingsCollector collector({});
  const auto [success, snapshot, errors] =
      Collect(collector, proc.fs(),
              TreeOf({SampleOf(proc.fs(), 7)},
                     {SampleOf(proc.fs(), 8), SampleOf(proc.fs(), 9),
                      SampleOf(proc.fs(), 10), SampleOf(proc.fs(), 10, 'Z')}));
  REQUIRE(success);
  CHECK(errors.empty());
  CHECK(snapshot.mappings->count.main == 3U);
  CHECK(snapshot.mappings->count.children == 9U);
}

TEST_CASE("mappings: a child that cannot have run is not counted again") {
  const FakeProc proc;
  ProcessTree tree;
  proc.Write(7, "maps", MapsOfSize(1));
  proc.Write(8, "maps", MapsOfSize(2));
  tree.main = {SampleOf(proc.fs(), 7)};
  tree.descendants = {SampleOf(proc.fs(), 8)};
  MappingsCollector collector({});
  const auto count = [&] {
    return Collect(collector, proc.fs(), tree)
        .snapshot.mappings->count.children;
  };
  ProcessSample& child = tree.descendants[0];
  tree.generation = 4;
  child.last_run_generation = 3;
  CHECK(count() == 2U);
  proc.Write(8, "maps", MapsOfSize(5));
  tree.generation = 5;
  CHECK(count() == 2U);
  // It ran in a discovery that asked for other collectors.
  tree.generation = 7;
  child.last_run_generation = 6;
  CHECK(count() == 5U);

  // Forgotten once it is not there for a discovery.
  const auto children = tree.descendants;
  tree.descendants.clear();
  tree.generation = 8;
  CHECK_FALSE(count());
  proc.Write(8, "maps", MapsOfSize(6));
  tree.descendants = children;
  tree.generation = 9;
  CHECK(count() == 6U);
}

TEST_CASE("mappings: a process in state D is left out and counted as such") {
  const FakeProc proc;
  proc.Write(7, "maps", MapsOfSize(3));
  proc.Write(8, "maps", MapsOfSize(3));
  MappingsCollector collector({});
  const auto some =
      Collect(collector, proc.fs(),
              TreeOf({SampleOf(proc.fs(), 7, 'D')}, {SampleOf(proc.fs(), 8)}));
  REQUIRE(some.success);
  const MappingsSnapshot& mappings = *some.snapshot.mappings;
  CHECK(mappings.processes.empty());
  CHECK_FALSE(mappings.count.main);
  CHECK_FALSE(mappings.anonymous_count);
  CHECK(mappings.count.children == 3U);
  CHECK(some.causes() == std::vector<std::string>{"timeout 1"});
  CHECK(some.errors[0].message ==
        proc.root() + "/7/maps: not read, the process is in state D");

  const auto none =
      Collect(collector, proc.fs(), TreeOf({SampleOf(proc.fs(), 7, 'D')}));
  CHECK_FALSE(none.success);
  CHECK_FALSE(none.snapshot.mappings);
}

TEST_CASE("mappings: nothing of a torn file counts") {
  const FakeProc proc;
  proc.Write(7, "maps", Maps({{"/a", 2000 * kKilobyte}}) + "7000-");
  proc.Write(8, "maps", Maps({{"/b", 2000 * kKilobyte}}));
  MappingsCollector collector({});
  const auto run =
      Collect(collector, proc.fs(),
              TreeOf({SampleOf(proc.fs(), 7), SampleOf(proc.fs(), 8)}));
  REQUIRE(run.success);
  CHECK(run.causes() == std::vector<std::string>{"malformed 1"});
  CHECK(Rows(run.snapshot.mappings->by_name) ==
        std::vector<std::string>{"2000 /b"});
  CHECK(run.snapshot.mappings->count.main == 1U);
}

TEST_CASE("mappings: a vanished process is no failure") {
  const FakeProc proc;
  proc.Write(7, "status", "");
  MappingsCollector collector({});
  const auto run =
      Collect(collector, proc.fs(), TreeOf({SampleOf(proc.fs(), 7)}));
  CHECK(run.success);
  CHECK(run.errors.empty());
  REQUIRE(run.snapshot.mappings);
  CHECK_FALSE(run.snapshot.mappings->count.main);
}

TEST_CASE("mappings: after the deadline nothing is read") {
  const FakeProc proc;
  proc.Write(7, "maps", MapsOfSize(1));
  proc.Write(8, "maps", MapsOfSize(1));
  MappingsCollector collector({});
  const auto run =
      Collect(collector, proc.fs(),
              TreeOf({SampleOf(proc.fs(), 7)}, {SampleOf(proc.fs(), 8)}),
              /*in_time=*/false);
  CHECK_FALSE(run.success);
  CHECK(run.causes() == std::vector<std::string>{"timeout 2"});
}

TEST_CASE("mappings: rows and names of a hostile process are bounded") {
  const FakeProc proc;
  constexpr size_t kMost = 16384;
  std::vector<NamedBytes> many;
  for (size_t i = 0; i < 3 * kMost; ++i) {
    many.push_back({"/" + std::to_string(i), (i + 2) * kKilobyte});
  }
  proc.Write(7, "maps", Maps(many));
  MappingsCollector collector({.threshold_bytes = kKilobyte});
  const auto run =
      Collect(collector, proc.fs(), TreeOf({SampleOf(proc.fs(), 7)}));
  REQUIRE(run.success);
  CHECK(run.causes() == std::vector<std::string>{"limit 2"});
  const MappingsSnapshot& mappings = *run.snapshot.mappings;
  REQUIRE(mappings.processes[0].mappings.size() == kMost);
  CHECK(mappings.processes[0].mappings.front().bytes ==
        (2 * kMost + 2) * kKilobyte);
  CHECK(mappings.processes[0].mappings.back().bytes ==
        (3 * kMost + 1) * kKilobyte);
  CHECK(mappings.count.main == 3 * kMost);
  CHECK(mappings.by_name.size() == kMost);
  CHECK(mappings.nameless_bytes > 0);
  uint64_t sum = mappings.nameless_bytes;
  for (const NamedBytes& one : mappings.by_name) sum += one.bytes;
  CHECK(sum == mappings.processes[0].total_bytes);
}

TEST_CASE("mappings: so are long names, over all main processes") {
  const FakeProc proc;
  constexpr size_t kMostNameBytes = size_t{1} << 20;
  const std::string path(4000, 'x');
  std::vector<NamedBytes> many;
  for (size_t i = 0; i < 800; ++i) {
    many.push_back({"/" + path + std::to_string(i), (i + 2) * kKilobyte});
  }
  for (const pid_t pid : {7, 8}) proc.Write(pid, "maps", Maps(many));
  MappingsCollector collector({.threshold_bytes = kKilobyte});
  const auto run =
      Collect(collector, proc.fs(),
              TreeOf({SampleOf(proc.fs(), 7), SampleOf(proc.fs(), 8)}));
  REQUIRE(run.success);
  CHECK(run.causes() == std::vector<std::string>{"limit 3"});
  const MappingsSnapshot& mappings = *run.snapshot.mappings;
  const auto& rows = mappings.processes[0].mappings;
  CHECK(rows.size() == kMostNameBytes / (path.size() + 4));
  CHECK(rows.back().bytes == 801 * kKilobyte);
  CHECK(rows.front().bytes == (802 - rows.size()) * kKilobyte);
  CHECK(mappings.processes[1].mappings.empty());
  CHECK(mappings.processes[1].total_bytes == mappings.processes[0].total_bytes);
  size_t name_bytes = 0;
  uint64_t sum = mappings.nameless_bytes;
  for (const NamedBytes& one : mappings.by_name) {
    name_bytes += one.name.size();
    sum += one.bytes;
  }
  CHECK(name_bytes <= kMostNameBytes);
  CHECK(sum == 2 * mappings.processes[0].total_bytes);
}

}  // namespace
}  // namespace leak_exporter
