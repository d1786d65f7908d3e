#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "metrics/collectors/collectors.h"
#include "metrics/procfs/stat.h"
#include "metrics/targets/main_processes.h"
#include "metrics/targets/target_watch.h"
#include "tests/fake_clock.h"
#include "tests/fake_proc.h"
#include "tests/fake_tree.h"
#include "tests/fault_injection.h"
#include "tests/free_walks.h"
#include "tests/looks_at_once.h"
#include "tests/metrics/collectors/snapshot_values.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {

/// A machine of a test's own: a main process of two threads with children, one
/// of them a zombie, one with a child itself; and processes that no target
/// wants. There is a file for everything that is measured.
class FaultyMachine {
 public:
  static constexpr pid_t kMain = 100;
  static constexpr pid_t kThread = 105;
  static constexpr pid_t kChild = 101;
  static constexpr pid_t kZombie = 102;
  static constexpr pid_t kGrandchild = 103;
  static constexpr pid_t kOfThread = 110;

  FaultyMachine() {
    WriteDirectories();
    WriteProcesses();
    for (const pid_t pid : {kMain, kChild, kGrandchild, kOfThread}) {
      WriteMemory(pid);
      WriteDescriptors(pid);
      WriteLinks(pid);
    }
    WriteMachine();
  }

  /// The roots of FaultInjection.
  std::vector<std::string> roots() const {
    return {tree_.root(), data_.path()};
  }
  procfs::ProcFs fs() const { return tree_.fs(); }
  /// The text without the path of this machine's directory.
  std::string Relative(std::string text) const {
    for (size_t at; (at = text.find(data_.path())) != text.npos;) {
      text.erase(at, data_.path().size());
    }
    return text;
  }

  config::TargetConfig target() const {
    config::TargetConfig target;
    target.name = "app";
    target.match.comms = {"main"};
    target.match.exes = {"/opt/bin/app"};
    target.match.cmdlines = {"serve"};
    target.match.users = {"0"};
    target.match.systemd_units = {"app"};
    target.repository_caches = {data_.path() + "/cache",
                                data_.path() + "/none"};
    target.temporary_directories.paths = {data_.path() + "/glob/*"};
    return target;
  }

  static config::CollectorsConfig collectors() {
    config::CollectorsConfig config;
    config.memory.smaps = true;
    config.mappings.threshold_bytes = 0;
    return config;
  }

  /// Takes a process off the machine.
  void Remove(pid_t pid) const { std::filesystem::remove_all(Directory(pid)); }
  /// The processes below one.
  static std::vector<pid_t> DescendantsOf(pid_t pid) {
    if (pid == kMain) return {kChild, kZombie, kGrandchild, kOfThread};
    if (pid == kChild) return {kGrandchild};
    return {};
  }

 private:
  using Path = std::filesystem::path;

  // Different for each process, so that no sum passes for another.
  static uint64_t Weight(pid_t pid) {
    switch (pid) {
      case kMain:
        return 1;
      case kChild:
        return 2;
      case kGrandchild:
        return 4;
      default:
        return 8;
    }
  }

  Path Directory(pid_t pid) const {
    return Path(tree_.root()) / std::to_string(pid);
  }

  void WriteDirectories() const {
    for (const char* const name :
         {"cache/inner", "glob/a", "tmp/101", "tmp/110"}) {
      const Path directory = Path(data_.path()) / name;
      std::filesystem::create_directories(directory);
      std::ofstream(directory / "file") << std::string(5000, 'x');
    }
    std::filesystem::create_symlink("file", data_.path() + "/cache/inner/link");
    ::mkfifo((data_.path() + "/fifo").c_str(), 0600);
  }

  void WriteProcesses() {
    tree_[1].parent = 0;
    FakeProcess& kernel = tree_[2];
    kernel.parent = 0;
    kernel.flags = procfs::kKernelThread;
    FakeProcess& main = tree_[kMain];
    main.comm = "main";
    main.threads = 2;
    main.cmdline = std::string("app\0serve\0", 10);
    main.cgroup = "0::/system.slice/app.service/docker-0123456789ab.scope\n";
    tree_[kChild].parent = kMain;
    FakeProcess& zombie = tree_[kZombie];
    zombie.parent = kMain;
    zombie.state = 'Z';
    zombie.resident_kilobytes.reset();
    tree_[kGrandchild].parent = kChild;
    tree_[kOfThread].parent = kMain;
    tree_[200].comm = "other";
    for (const pid_t pid : {kMain, kChild, kGrandchild, kOfThread}) {
      tree_[pid].resident_kilobytes = 1000 * Weight(pid);
    }
    tree_.Sync();
    // The kernel lists a child with the thread that forked it.
    tree_.WriteChildren(kMain, "101 102 ");
    const std::string task = "task/" + std::to_string(kThread);
    tree_.Write(kMain, task + "/stat", "");
    tree_.Write(kMain, task + "/children", "110 ");
  }

  void WriteMemory(pid_t pid) const {
    const uint64_t weight = Weight(pid);
    std::string maps =
        "1000-3000 r-xp 00000000 08:01 42         /opt/lib/library.so\n"
        "5000-6000 rw-p 00000000 00:00 0          [heap]\n";
    for (uint64_t i = 0; i < weight; ++i) {
      maps += ToHex(0x10000 + 0x2000 * i) + "-" + ToHex(0x11000 + 0x2000 * i) +
              " rw-p 00000000 00:00 0 \n";
    }
    tree_.Write(pid, "maps", maps);
    tree_.Write(pid, "smaps_rollup",
                "1000-6000 ---p 00000000 00:00 0 [rollup]\nPss: " +
                    std::to_string(30 * weight) + " kB\nPrivate_Clean: " +
                    std::to_string(10 * weight) + " kB\nPrivate_Dirty: 1 kB\n");
    tree_.Write(pid, "pagemap", "");
  }

  static std::string ToHex(uint64_t number) {
    std::ostringstream text;
    text << std::hex << number;
    return text.str();
  }

  void WriteDescriptors(pid_t pid) const {
    const Path directory = Directory(pid) / "fd";
    std::filesystem::create_directory(directory);
    std::vector<Path> files = {Path(data_.path()) / "cache/inner/file"};
    if (pid == kMain) files.emplace_back("/dev/null");
    if (pid == kChild) files.push_back(Path(data_.path()) / "cache");
    if (pid == kGrandchild) files.push_back(Path(data_.path()) / "fifo");
    for (size_t i = 0; i < files.size(); ++i) {
      std::filesystem::create_symlink(files[i], directory / std::to_string(i));
    }
    tree_.Write(pid, "limits",
                "Limit Soft Hard Units\nMax open files            " +
                    std::to_string(5000 * Weight(pid)) +
                    "                 4096000    files\n");
  }

  void WriteLinks(pid_t pid) const {
    const Path directory = Directory(pid);
    std::filesystem::create_symlink("/opt/bin/app", directory / "exe");
    std::filesystem::create_symlink("/", directory / "root");
    std::filesystem::create_directory(directory / "ns");
    std::filesystem::create_symlink("mnt:[1]", directory / "ns/mnt");
    tree_.Write(pid, "mountinfo", kMounts);
    const bool works_elsewhere = pid == kChild || pid == kOfThread;
    const Path cwd = works_elsewhere
                         ? Path(data_.path()) / "tmp" / std::to_string(pid)
                         : Path(data_.path());
    std::filesystem::create_symlink(cwd, directory / "cwd");
  }

  void WriteMachine() const {
    const FakeFile files[] = {
        {"self/stat", ""},
        {"self/mountinfo", kMounts},
        {"self/smaps_rollup", ""},
        {"sys/vm/max_map_count", "65530\n"},
        {kFakeCgroups + "/system.slice/memory.max", "max\n"},
        {kFakeCgroups + "/system.slice/app.service/memory.max", "1000000\n"},
        {kFakeCgroups + "/system.slice/app.service/memory.current", "500000\n"},
        {kFakeCgroups + "/system.slice/app.service/memory.stat",
         "inactive_file 100000\n"}};
    for (const auto& [name, content] : files) {
      const Path path = Path(tree_.root()) / name;
      std::filesystem::create_directories(path.parent_path());
      std::ofstream(path) << content;
    }
  }

  using FakeFile = std::pair<std::string, const char*>;
  static constexpr const char* kMounts =
      "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n";

  FakeTree tree_;
  ScratchDirectory data_;
};

/// What one round finds: the search for the processes and every collector.
struct MeasuredRound {
  SnapshotValues::Values values;
  std::vector<CollectorError> errors;
  /// Collectors without a result.
  std::set<CollectorId> failed;
};

/// An exporter that begins with its first round.
class Rounds {
 public:
  Rounds(const FaultyMachine& machine, const FakeClock& clock)
      : machine_(machine),
        target_(machine.target()),
        fs_(machine.fs()),
        clock_(clock),
        watch_(target_, fs_),
        collectors_(MakeCollectors(FaultyMachine::collectors(),
                                   std::make_shared<LooksAtOnce>(),
                                   std::make_shared<FreeWalks>())) {}

  void Discover() {
    round_ = {};
    snapshot_ = {};
    deadline_.emplace(Deadline::After(clock_, std::chrono::seconds(10)));
    discovery_ = watch_.Measure(clock_, *deadline_);
    snapshot_.main_processes = ListMainProcesses(discovery_.tree);
    round_.errors = discovery_.errors.errors();
  }

  MeasuredRound Collect() {
    for (const auto& collector : collectors_) {
      ErrorTally errors;
      if (!collector->Collect(
              {target_, discovery_.tree, fs_, clock_, *deadline_, buffer_},
              snapshot_, errors)) {
        round_.failed.insert(collector->id());
      }
      round_.errors.insert(round_.errors.end(), errors.errors().begin(),
                           errors.errors().end());
    }
    for (const auto& [name, value] : SnapshotValues::Of(snapshot_)) {
      round_.values[machine_.Relative(name)] = machine_.Relative(value);
    }
    return std::move(round_);
  }

  MeasuredRound Measure() {
    Discover();
    return Collect();
  }

 private:
  const FaultyMachine& machine_;
  const config::TargetConfig target_;
  const procfs::ProcFs fs_;
  const FakeClock& clock_;
  TargetWatch watch_;
  std::vector<std::unique_ptr<Collector>> collectors_;
  std::optional<Deadline> deadline_;
  TargetWatch::Discovery discovery_;
  TargetSnapshot snapshot_;
  std::string buffer_;
  MeasuredRound round_;
};

}  // namespace leak_exporter
