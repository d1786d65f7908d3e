#include "metrics/targets/process_tree.h"

#include "tests/catch.h"
#include "tests/fake_tree.h"

namespace leak_exporter {
namespace {

TEST_CASE("process_tree: a sample's pid is its handle's") {
  FakeTree tree;
  tree[7].parent = 1;
  tree.Sync();
  ProcessSample sample;
  sample.handle = std::make_shared<const procfs::ProcessHandle>(
      procfs::ProcessHandle::Open(tree.fs(), 7).value());
  sample.main_pid = 9;
  CHECK(sample.pid() == 7);
}

TEST_CASE("process_tree: only state Z is a zombie") {
  ProcessSample sample;
  for (const char state : {'?', 'R', 'S', 'D', 'T', 't', 'X', 'I', 'Z'}) {
    sample.status.state = state;
    CHECK(sample.zombie() == (state == 'Z'));
  }
}

TEST_CASE("process_tree: a sample that nobody filled in claims nothing") {
  const ProcessSample sample;
  CHECK(sample.may_have_run);
  CHECK(sample.last_run_generation == 0);
  CHECK(sample.zombie_since_boot == std::nullopt);
  const ProcessTree tree;
  CHECK(tree.generation == 0);
  CHECK(tree.main.empty());
  CHECK(tree.descendants.empty());
}

}  // namespace
}  // namespace leak_exporter
