#include "metrics/targets/ancestry.h"

#include <optional>
#include <unordered_set>

#include "metrics/targets/machine_processes.h"
#include "tests/catch.h"
#include "tests/fake_tree.h"

namespace leak_exporter {
namespace {

/// Process 1 with its children 10 and 20; 11, 12 and 13 below 10, each a child
/// of the one before.
class Ancestors {
 public:
  Ancestors() {
    tree[1].parent = 0;
    tree[10].parent = 1;
    for (const pid_t pid : {11, 12, 13}) tree[pid].parent = pid - 1;
    tree[20].parent = 1;
  }

  pid_t TopOf(pid_t pid, const std::unordered_set<pid_t>& candidates) {
    tree.Sync();
    const procfs::ProcFs fs = tree.fs();
    KernelThreads threads;
    MachineProcesses machine(fs, threads);
    return TopmostAncestor(pid, candidates,
                           [&machine](pid_t p) -> std::optional<pid_t> {
                             const auto& process = machine.Find(p);
                             if (!process) return std::nullopt;
                             return process->parent_pid;
                           });
  }

  FakeTree tree;
};

TEST_CASE("ancestry: the topmost candidate above, or the process itself") {
  Ancestors ancestors;
  CHECK(ancestors.TopOf(13, {13}) == 13);
  CHECK(ancestors.TopOf(13, {}) == 13);
  CHECK(ancestors.TopOf(13, {13, 12, 10}) == 10);
  CHECK(ancestors.TopOf(13, {13, 11, 20}) == 11);
  CHECK(ancestors.TopOf(13, {1, 13}) == 1);
  CHECK(ancestors.TopOf(20, {10, 13, 20}) == 20);
  // Below is not above.
  CHECK(ancestors.TopOf(10, {10, 13}) == 10);
}

TEST_CASE("ancestry: above one that cannot be read nobody is known") {
  Ancestors ancestors;
  CHECK(ancestors.TopOf(99, {99, 1}) == 99);
  ancestors.tree.Erase(11);
  CHECK(ancestors.TopOf(13, {10, 11, 12, 13}) == 11);
  CHECK(ancestors.TopOf(13, {10, 13}) == 13);
}

TEST_CASE("ancestry: what looks like a circle ends") {
  Ancestors ancestors;
  ancestors.tree[10].parent = 13;
  CHECK(ancestors.TopOf(13, {11, 13}) == 11);
  CHECK(ancestors.TopOf(13, {10, 11, 13}) == 10);
  ancestors.tree[10].parent = 10;
  CHECK(ancestors.TopOf(13, {10, 13}) == 10);
}

TEST_CASE("ancestry: a process without a parent is the end") {
  Ancestors ancestors;
  ancestors.tree[12].parent = 0;
  CHECK(ancestors.TopOf(13, {0, 10, 13}) == 13);
  CHECK(ancestors.TopOf(13, {12, 10, 13}) == 12);
}

}  // namespace
}  // namespace leak_exporter
