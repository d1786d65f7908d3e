#include "metrics/collectors/process_tree.h"

#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/collect.h"
#include "tests/fake_proc.h"

namespace leak_exporter {
namespace {

const std::string kOuterId(64, 'a');
const std::string kInnerId(64, 'b');
const std::string kUid = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";

std::vector<Container> ContainersOf(const std::string& cgroup) {
  const FakeProc proc;
  proc.Write(7, "cgroup", cgroup);
  ProcessTreeCollector collector;
  const Collected collected =
      Collect(collector, proc.fs(), TreeOf({SampleOf(proc.fs(), 7)}));
  REQUIRE(collected.success);
  CHECK(collected.errors.empty());
  return collected.snapshot.process_tree->containers;
}

TEST_CASE("process_tree: the innermost container and the pod of a main") {
  const std::string path =
      "/kubepods/pod" + kUid + "/" + kOuterId + "/docker/" + kInnerId;
  const auto containers = ContainersOf("0::" + path + "\n");
  REQUIRE(containers.size() == 1);
  CHECK(containers[0].main_pid == 7);
  CHECK(containers[0].id == kInnerId);
  CHECK(containers[0].pod_uid == kUid);
  CHECK(containers[0].cgroup == path);
}

TEST_CASE("process_tree: a container without a pod, a pod without container") {
  const auto container = ContainersOf("0::/docker/" + kOuterId + "\n");
  REQUIRE(container.size() == 1);
  CHECK(container[0].id == kOuterId);
  CHECK(container[0].pod_uid.empty());
  const auto pod = ContainersOf("0::/kubepods/pod" + kUid + "\n");
  REQUIRE(pod.size() == 1);
  CHECK(pod[0].id.empty());
  CHECK(pod[0].pod_uid == kUid);
}

TEST_CASE("process_tree: outside of containers there are none") {
  CHECK(ContainersOf("0::/system.slice/a.service\n").empty());
}

TEST_CASE("process_tree: a cgroup that cannot be read is counted") {
  const FakeProc proc;
  proc.Write(7, "cgroup", "nonsense\n");
  ProcessTreeCollector collector;
  const Collected collected =
      Collect(collector, proc.fs(), TreeOf({SampleOf(proc.fs(), 7)}));
  CHECK(collected.success);
  CHECK(collected.causes() == std::vector<std::string>{"malformed 1"});
}

TEST_CASE("process_tree: of a tree that is not whole there is no list") {
  const FakeProc proc;
  proc.Write(7, "cgroup", "0::/\n");
  ProcessTree tree = TreeOf({SampleOf(proc.fs(), 7)});
  tree.whole = false;
  ProcessTreeCollector collector;
  const auto run = Collect(collector, proc.fs(), tree);
  CHECK_FALSE(run.success);
  CHECK_FALSE(run.snapshot.process_tree);
  CHECK(run.causes() == std::vector<std::string>{"limit 1"});
}

}  // namespace
}  // namespace leak_exporter
