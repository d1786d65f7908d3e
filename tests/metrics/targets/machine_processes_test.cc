#include "metrics/targets/machine_processes.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/fake_tree.h"

namespace leak_exporter {
namespace {

constexpr uint32_t kThreadFlags = procfs::kKernelThread;

/// A made-up machine, looked at as often as a test wants.
struct Machine {
  MachineProcesses Look() { return MachineProcesses(fs, threads); }

  FakeTree tree;
  procfs::ProcFs fs = tree.fs();
  KernelThreads threads;
};

std::vector<pid_t> PidsOf(const MachineProcesses::Listing& listing) {
  std::vector<pid_t> pids;
  for (const procfs::NumberedEntry& entry : listing.entries) {
    pids.push_back(entry.number);
  }
  std::sort(pids.begin(), pids.end());
  return pids;
}

TEST_CASE("machine: the list is what /proc shows, with the exporter's pid") {
  Machine machine;
  for (const pid_t pid : {1, 10, 20}) machine.tree[pid].comm = "app";
  machine.tree.Sync();
  std::filesystem::create_symlink("10", machine.tree.root() + "/self");
  MachineProcesses processes = machine.Look();
  const auto& listing = processes.List();
  REQUIRE(listing);
  CHECK(PidsOf(*listing) == std::vector<pid_t>{1, 10, 20});
  CHECK(listing->own_pid == 10);
}

TEST_CASE("machine: a /proc of another namespace shows no exporter") {
  for (const char* const self : {"", "x10", "10/", "-1", "99999999999"}) {
    CAPTURE(self);
    Machine machine;
    machine.tree[1].comm = "init";
    machine.tree.Sync();
    if (*self != '\0') {
      std::filesystem::create_symlink(self, machine.tree.root() + "/self");
    }
    MachineProcesses processes = machine.Look();
    REQUIRE(processes.List());
    CHECK(processes.List()->own_pid == std::nullopt);
  }
}

TEST_CASE("machine: /proc is listed once") {
  Machine machine;
  machine.tree[1].comm = "init";
  machine.tree.Sync();
  MachineProcesses processes = machine.Look();
  REQUIRE(processes.List());
  machine.tree[2].comm = "late";
  machine.tree.Sync();
  CHECK(PidsOf(*processes.List()) == std::vector<pid_t>{1});
  MachineProcesses later = machine.Look();
  CHECK(PidsOf(*later.List()) == std::vector<pid_t>{1, 2});
}

TEST_CASE("machine: a /proc that is not there is an error") {
  const procfs::ProcFs fs("/nowhere");
  KernelThreads threads;
  MachineProcesses processes(fs, threads);
  REQUIRE_FALSE(processes.List());
  CHECK(processes.List().error().code == ENOENT);
  CHECK(processes.List().error().message ==
        "/nowhere: No such file or directory");
}

TEST_CASE("machine: a process's stat is read once") {
  Machine machine;
  machine.tree[10].comm = "first";
  machine.tree[10].parent = 3;
  machine.tree.Sync();
  MachineProcesses processes = machine.Look();
  const auto& found = processes.Find(10);
  REQUIRE(found);
  CHECK(found->pid == 10);
  CHECK(found->parent_pid == 3);
  CHECK(found->program.comm == "first");
  machine.tree[10].comm = "second";
  machine.tree.Sync();
  CHECK(processes.Find(10)->program.comm == "first");
  for (const procfs::NumberedEntry& entry : processes.List()->entries) {
    CHECK(processes.Find(entry)->program.comm == "first");
  }
  CHECK(machine.Look().Find(10)->program.comm == "second");
}

TEST_CASE("machine: what was found stays where it is") {
  Machine machine;
  for (pid_t pid = 1; pid < 200; ++pid) machine.tree[pid].comm = "app";
  machine.tree.Sync();
  MachineProcesses processes = machine.Look();
  const auto& first = processes.Find(1);
  for (pid_t pid = 2; pid < 200; ++pid) CHECK(processes.Find(pid));
  CHECK(&first == &processes.Find(1));
  CHECK(first->pid == 1);
}

TEST_CASE("machine: who is gone stays gone for this look") {
  Machine machine;
  MachineProcesses processes = machine.Look();
  REQUIRE_FALSE(processes.Find(10));
  CHECK(IsGone(processes.Find(10).error()));
  CHECK(processes.Find(10).error().message ==
        machine.tree.root() + "/10/stat: No such file or directory");
  machine.tree[10].comm = "late";
  machine.tree.Sync();
  CHECK_FALSE(processes.Find(10));
  CHECK(machine.Look().Find(10));
}

TEST_CASE("machine: a stat that cannot be parsed is that process's error") {
  Machine machine;
  machine.tree[10].comm = "app";
  machine.tree[20].comm = "app";
  machine.tree.Sync();
  machine.tree.Write(10, "stat", "10 (app\x1b[2J");
  MachineProcesses processes = machine.Look();
  REQUIRE_FALSE(processes.Find(10));
  CHECK(processes.Find(10).error().code == 0);
  CHECK(processes.Find(10).error().message ==
        machine.tree.root() + "/10/stat:1: no comm in '10 (app?[2J'");
  CHECK(processes.Find(20));
}

TEST_CASE("machine: a kernel thread is read once while its inode stays") {
  Machine machine;
  machine.tree[2].flags = kThreadFlags;
  machine.tree[2].comm = "kworker";
  machine.tree[3].comm = "app";
  machine.tree.Sync();
  const procfs::NumberedEntry thread{2, 40};
  const procfs::NumberedEntry process{3, 50};
  MachineProcesses first = machine.Look();
  CHECK(first.Find(thread)->program.comm == "kworker");
  CHECK(first.Find(process)->program.comm == "app");
  machine.tree[2].comm = "renamed";
  machine.tree[3].comm = "renamed";
  machine.tree.Sync();
  MachineProcesses second = machine.Look();
  CHECK(second.Find(thread)->program.comm == "kworker");
  CHECK(second.Find(process)->program.comm == "renamed");
  // Another inode is another process.
  CHECK(machine.Look().Find({2, 41})->program.comm == "renamed");
}

TEST_CASE("machine: a kernel thread asked for by pid is read anew") {
  Machine machine;
  machine.tree[2].flags = kThreadFlags;
  machine.tree[2].comm = "kworker";
  machine.tree.Sync();
  REQUIRE(machine.Look().Find({2, 40}));
  machine.tree[2].comm = "renamed";
  machine.tree.Sync();
  MachineProcesses processes = machine.Look();
  CHECK(processes.Find(2)->program.comm == "renamed");
  CHECK(processes.Find({2, 40})->program.comm == "renamed");
  // Which may have been before the entry was listed, so it is not remembered.
  machine.tree[2].comm = "again";
  machine.tree.Sync();
  CHECK(machine.Look().Find({2, 40})->program.comm == "again");
}

TEST_CASE("machine: a kernel thread that is not listed is forgotten") {
  Machine machine;
  machine.tree[1].comm = "init";
  machine.tree[2].flags = kThreadFlags;
  machine.tree[2].comm = "kworker";
  machine.tree.Sync();
  const procfs::NumberedEntry unlisted{77, 40};
  machine.threads.Remember(unlisted, FoundProcess());
  MachineProcesses processes = machine.Look();
  for (const procfs::NumberedEntry& entry : processes.List()->entries) {
    REQUIRE(processes.Find(entry));
    CHECK((machine.threads.Find(entry) != nullptr) == (entry.number == 2));
  }
  CHECK(machine.threads.Find(unlisted) == nullptr);
}

TEST_CASE("machine: this process on the kernel's own /proc") {
  const procfs::ProcFs fs;
  KernelThreads threads;
  MachineProcesses processes(fs, threads);
  REQUIRE(processes.List());
  CHECK(processes.List()->own_pid == ::getpid());
  const auto pids = PidsOf(*processes.List());
  CHECK(std::count(pids.begin(), pids.end(), ::getpid()) == 1);
  REQUIRE(processes.Find(::getpid()));
  CHECK(processes.Find(::getpid())->parent_pid == ::getppid());
}

}  // namespace
}  // namespace leak_exporter
