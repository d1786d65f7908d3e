#include "exporter/debug/growing_children.h"

#include <memory>
#include <string>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

struct Child {
  pid_t pid;
  uint64_t objects;
  uint64_t start = 1;
  bool is_listed = true;
};

Snapshot Of(const std::vector<Child>& children,
            const std::string& target = "t") {
  auto heap = std::make_shared<PythonHeapSnapshot>();
  // The main process grows most, but is no child.
  static uint64_t main_objects = 0;
  main_objects += 1'000'000;
  heap->usage.push_back({1, true, "3.11.2", main_objects, {}, 1});
  for (const Child& child : children) {
    heap->usage.push_back(
        {child.pid, false, "3.11.2", child.objects, {}, child.start});
    if (child.is_listed) {
      heap->children.emplace_back().pid = child.pid;
    }
  }
  Snapshot snapshot;
  snapshot.targets.emplace_back().target = target;
  snapshot.targets[0].python_heap = heap;
  return snapshot;
}

using Shown = render::ShownChildren;

TEST_CASE("growing children: none at first, then the one that grew most") {
  GrowingChildren growing;
  CHECK(growing.Update(Of({{10, 500}, {11, 100}})).empty());
  CHECK(growing.Update(Of({{10, 510}, {11, 200}})) == Shown{{"t", 11}});
  CHECK(growing.Update(Of({{10, 600}, {11, 210}})) == Shown{{"t", 10}});
  CHECK(growing.Update(Of({{10, 600}, {11, 200}})).empty());
}

TEST_CASE(
    "growing children: a new one has not grown, nor has one with an old pid") {
  GrowingChildren growing;
  (void)growing.Update(Of({{10, 500}}));
  CHECK(growing.Update(Of({{10, 500}, {11, 9000}})).empty());
  CHECK(growing.Update(Of({{10, 500}, {11, 99'000, 2}})).empty());
  CHECK(growing.Update(Of({{10, 500}, {11, 99'001, 2}})) == Shown{{"t", 11}});
}

TEST_CASE("growing children: one without lists cannot be shown") {
  GrowingChildren growing;
  (void)growing.Update(Of({{10, 500}, {11, 500}}));
  CHECK(growing.Update(Of({{10, 9000, 1, false}, {11, 501}})) ==
        Shown{{"t", 11}});
}

TEST_CASE("growing children: targets are apart") {
  GrowingChildren growing;
  (void)growing.Update(Of({{10, 500}}, "a"));
  CHECK(growing.Update(Of({{10, 600}}, "b")).empty());
  CHECK(growing.Update(Snapshot()).empty());
}

}  // namespace
}  // namespace leak_exporter
