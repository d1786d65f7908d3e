#include "metrics/targets/main_processes.h"

#include "tests/catch.h"
#include "tests/fake_tree.h"

namespace leak_exporter {
namespace {

ProcessSample Sample(const FakeTree& tree, pid_t pid, double start) {
  ProcessSample sample;
  sample.handle = std::make_shared<const procfs::ProcessHandle>(
      procfs::ProcessHandle::Open(tree.fs(), pid).value());
  sample.start_time_unix_seconds = start;
  sample.start_since_boot = std::chrono::seconds(pid);
  return sample;
}

TEST_CASE("main_processes: pid and start of each, by pid, and of no other") {
  FakeTree fake;
  for (const pid_t pid : {7, 30, 100}) fake[pid].parent = 1;
  fake.Sync();
  ProcessTree tree;
  CHECK(ListMainProcesses(tree).empty());
  tree.descendants.push_back(Sample(fake, 7, 5.0));
  CHECK(ListMainProcesses(tree).empty());
  tree.main.push_back(Sample(fake, 100, 1'700'000'000.25));
  tree.main.push_back(Sample(fake, 30, 1'700'000'001.5));
  const auto processes = ListMainProcesses(tree);
  REQUIRE(processes.size() == 2);
  CHECK(processes[0].pid == 30);
  CHECK(processes[0].start_time_unix_seconds == 1'700'000'001.5);
  CHECK(processes[0].start_since_boot == std::chrono::seconds(30));
  CHECK(processes[1].pid == 100);
  CHECK(processes[1].start_time_unix_seconds == 1'700'000'000.25);
}

}  // namespace
}  // namespace leak_exporter
