#include "metrics/collectors/memory.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/collect.h"
#include "tests/fake_proc.h"

namespace leak_exporter {
namespace {

/// A proc filesystem of one process, which stands for any of a tree.
class OneProcess {
 public:
  explicit OneProcess(const std::string& cgroup = "0::/\n") {
    proc_.Write(kPid, "cgroup", cgroup);
  }

  /// Of the cgroup "/a.slice", as memory.max has it.
  void LimitMemory(const std::string& memory_max) const {
    WriteToCgroup("memory.max", memory_max);
  }
  void WriteToCgroup(const std::string& file, const std::string& text) const {
    proc_.Write(kFakeCgroups + "/a.slice/" + file, text);
  }
  procfs::ProcFs fs() const { return proc_.fs(); }
  ProcessSample WithStatus(const procfs::Status& status) const {
    ProcessSample sample = SampleOf(fs(), kPid);
    sample.status = status;
    return sample;
  }

 private:
  static constexpr pid_t kPid = 7;

  FakeProc proc_;
};

procfs::Status Living(uint64_t unit) {
  procfs::Status status;
  status.threads = static_cast<uint32_t>(unit);
  status.peak_resident_bytes = 9 * unit;
  status.resident_bytes = 6 * unit;
  status.anonymous_bytes = 3 * unit;
  status.file_bytes = 2 * unit;
  status.shared_bytes = unit;
  status.swap_bytes = 4 * unit;
  return status;
}

TEST_CASE("memory: sums over the processes of each scope") {
  const OneProcess process;
  ProcessTree tree;
  tree.main = {process.WithStatus(Living(100)), process.WithStatus(Living(10))};
  tree.descendants = {process.WithStatus(Living(1)),
                      process.WithStatus(Living(2)),
                      process.WithStatus(Living(1000))};
  MemoryCollector collector;
  CHECK(collector.id() == CollectorId::kMemory);
  const Collected collected = Collect(collector, process.fs(), tree);
  REQUIRE(collected.success);
  const MemorySnapshot& memory = *collected.snapshot.memory;
  CHECK(memory.usage.main.threads == 110);
  CHECK(memory.usage.main.resident_bytes == 660);
  CHECK(memory.usage.main.anonymous_bytes == 330);
  CHECK(memory.usage.main.file_bytes == 220);
  CHECK(memory.usage.main.shared_bytes == 110);
  CHECK(memory.usage.main.swap_bytes == 440);
  CHECK(memory.usage.children.threads == 1003);
  CHECK(memory.usage.children.resident_bytes == 6018);
  // The largest of the main processes, not of the children.
  CHECK(memory.peak_resident_bytes == 900);
}

TEST_CASE("memory: what no process has is absent, what one has is the sum") {
  procfs::Status zombie;
  zombie.state = 'Z';
  zombie.threads = 1;
  procfs::Status old_kernel;
  old_kernel.threads = 2;
  old_kernel.resident_bytes = 77;
  const OneProcess process;
  ProcessTree tree;
  tree.main = {process.WithStatus(zombie)};
  tree.descendants = {process.WithStatus(zombie),
                      process.WithStatus(old_kernel)};
  MemoryCollector collector;
  const MemorySnapshot memory =
      *Collect(collector, process.fs(), tree).snapshot.memory;
  CHECK(memory.usage.main.threads == 1);
  CHECK_FALSE(memory.usage.main.resident_bytes);
  CHECK_FALSE(memory.usage.main.swap_bytes);
  CHECK_FALSE(memory.peak_resident_bytes);
  CHECK(memory.usage.children.threads == 3);
  CHECK(memory.usage.children.resident_bytes == 77);
  CHECK_FALSE(memory.usage.children.anonymous_bytes);
  CHECK_FALSE(memory.usage.children.file_bytes);
  CHECK_FALSE(memory.usage.children.shared_bytes);
}

TEST_CASE("memory: the limit is the tightest of cgroups and machine") {
  struct Case {
    std::string memory_max;
    std::optional<uint64_t> machine;
    std::optional<uint64_t> limit;
  };
  for (const Case& expected : {
           Case{"max\n", std::nullopt, std::nullopt},
           Case{"max\n", 8000, 8000},
           Case{"5000\n", 8000, 5000},
           Case{"5000\n", 4000, 4000},
           Case{"5000\n", std::nullopt, 5000},
       }) {
    const OneProcess process("0::/a.slice\n");
    process.LimitMemory(expected.memory_max);
    MemoryCollector collector(expected.machine);
    const Collected collected = Collect(
        collector, process.fs(), TreeOf({process.WithStatus(Living(1))}));
    CHECK(collected.snapshot.memory->limit_bytes == expected.limit);
    CHECK(collected.errors.empty());
  }
}

TEST_CASE("memory: of several processes the one nearest to its own limit") {
  const OneProcess process("0::/a.slice\n");
  process.LimitMemory("1000\n");
  MemoryCollector collector(8000);
  const auto measure = [&] {
    procfs::Status small = Living(1);
    small.resident_bytes = 100;
    procfs::Status large = Living(1);
    large.resident_bytes = 250;
    return Collect(collector, process.fs(),
                   TreeOf({process.WithStatus(small), process.WithStatus(large),
                           process.WithStatus(procfs::Status())}));
  };
  Collected collected = measure();
  CHECK(collected.snapshot.memory->limit_ratio == 0.25);
  CHECK(collected.snapshot.memory->cgroup_limit_ratio == std::nullopt);
  // Together with others it is nearer.
  process.WriteToCgroup("memory.current", "900\n");
  process.WriteToCgroup("memory.stat", "inactive_file 100\n");
  collected = measure();
  CHECK(collected.snapshot.memory->limit_ratio == 0.25);
  CHECK(collected.snapshot.memory->cgroup_limit_ratio == 0.8);
  // Nothing may be used: no ratio says how near that is.
  process.LimitMemory("0\n");
  collected = measure();
  CHECK(collected.snapshot.memory->limit_ratio == std::nullopt);
  CHECK(collected.snapshot.memory->cgroup_limit_ratio == std::nullopt);
  // Without a cgroup's limit there is the machine's memory.
  process.LimitMemory("max\n");
  collected = measure();
  CHECK(collected.snapshot.memory->limit_ratio == 250.0 / 8000);
  CHECK(collected.snapshot.memory->cgroup_limit_ratio == std::nullopt);
  CHECK(collected.errors.empty());
}

TEST_CASE("memory: a limit that cannot be read is counted, the rest is there") {
  const OneProcess process("0::/a.slice\n");
  process.LimitMemory("lots\n");
  MemoryCollector collector(8000);
  const Collected collected =
      Collect(collector, process.fs(), TreeOf({process.WithStatus(Living(1))}));
  CHECK(collected.success);
  CHECK_FALSE(collected.snapshot.memory->limit_bytes);
  CHECK_FALSE(collected.snapshot.memory->limit_ratio);
  CHECK(collected.snapshot.memory->usage.main.resident_bytes == 6);
  CHECK(collected.causes() == std::vector<std::string>{"malformed 1"});
}

}  // namespace
}  // namespace leak_exporter
