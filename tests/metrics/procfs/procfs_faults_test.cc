#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "metrics/procfs/cgroup.h"
#include "metrics/procfs/children.h"
#include "metrics/procfs/cmdline.h"
#include "metrics/procfs/fd.h"
#include "metrics/procfs/limits.h"
#include "metrics/procfs/maps.h"
#include "metrics/procfs/memory_limit.h"
#include "metrics/procfs/mountinfo.h"
#include "metrics/procfs/pids.h"
#include "metrics/procfs/smaps_rollup.h"
#include "metrics/procfs/stat.h"
#include "metrics/procfs/status.h"
#include "tests/catch.h"
#include "tests/fake_clock.h"
#include "tests/fake_proc.h"
#include "tests/fault_injection.h"

/// Each reader of a file in /proc, while one system call after another fails.
namespace leak_exporter::procfs {
namespace {

constexpr pid_t kPid = 7;

/// A process with each file that is read.
class World {
 public:
  World() {
    proc_.Write(kPid, "status",
                "Name:\tapp\nState:\tS (sleeping)\nPid:\t7\nPPid:\t1\n"
                "Uid:\t0\t0\t0\t0\nVmRSS:\t    1000 kB\nThreads:\t2\n");
    proc_.Write(kPid, "cgroup", "0::/a/b\n");
    proc_.Write(kPid, "cmdline", std::string("app\0-x\0", 7));
    proc_.Write(
        kPid, "limits",
        "Limit Soft Hard Units\n"
        "Max open files            1024                 4096    files\n");
    proc_.Write(kPid, "maps",
                "1000-3000 r-xp 00000000 08:01 42         /usr/bin/app\n"
                "5000-6000 rw-p 00000000 00:00 0          [heap]\n");
    proc_.Write(kPid, "smaps_rollup",
                "1000-6000 ---p 00000000 00:00 0 [rollup]\nPss: 30 kB\n"
                "Private_Clean: 10 kB\nPrivate_Dirty: 20 kB\n");
    for (const char* thread : {"7", "8"}) {
      const std::string task = std::string("task/") + thread;
      proc_.Write(kPid, task + "/stat", "");
      proc_.Write(kPid, task + "/children", std::string("10") + thread + " ");
    }
    proc_.Write("sys/vm/max_map_count", "65530\n");
    proc_.Write("self/mountinfo", kMounts);
    proc_.Write(kPid, "mountinfo", kMounts);
    proc_.Write(kFakeCgroups + "/a/memory.max", "4096\n");
    proc_.Write(kFakeCgroups + "/a/memory.current", "3000\n");
    proc_.Write(kFakeCgroups + "/a/memory.stat", "inactive_file 0\n");
    proc_.Write(kFakeCgroups + "/a/b/memory.max", "max\n");
    const std::filesystem::path directory =
        proc_.root() + "/" + std::to_string(kPid);
    std::filesystem::create_directory(directory / "fd");
    std::filesystem::create_symlink(proc_.root() + "/7/maps",
                                    directory / "fd/0");
    std::filesystem::create_symlink(proc_.root() + "/7/task",
                                    directory / "fd/1");
    std::filesystem::create_symlink("/usr/bin/app", directory / "exe");
  }

  const std::string& root() const { return proc_.root(); }
  ProcFs fs() const { return proc_.fs(); }

 private:
  static constexpr const char* kMounts =
      "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n";

  FakeProc proc_;
};

/// Reads something of kPid, or of the whole; as text.
using Read =
    std::function<Result<std::string>(const ProcFs&, const ProcessHandle&)>;

struct Reader {
  const char* name;
  Read read;
};

Result<std::string> ReadMappings(const ProcessHandle& process) {
  const SystemClock clock;
  std::string buffer;
  std::string text;
  const auto count = ForEachMapping(
      process, buffer, Deadline::Never(clock), [&](const Mapping& mapping) {
        text += std::to_string(mapping.start) + std::string(mapping.name) + " ";
      });
  if (!count) return tl::unexpected<Error>(count.error());
  return text + std::to_string(*count);
}

Result<std::string> ReadDescriptors(const ProcessHandle& process) {
  const SystemClock clock;
  std::string buffer;
  std::string text;
  std::optional<Error> one_failed;
  const auto count =
      ForEachDescriptor(process, buffer, Deadline::Never(clock),
                        [&](const Result<Descriptor>& descriptor) {
                          if (!descriptor) {
                            one_failed = descriptor.error();
                          } else {
                            text += std::to_string(descriptor->number) + " " +
                                    std::to_string(descriptor->type) + " " +
                                    std::string(descriptor->target) + "\n";
                          }
                        });
  if (!count) return tl::unexpected<Error>(count.error());
  if (one_failed) return tl::unexpected<Error>(*one_failed);
  return text + std::to_string(*count);
}

std::string Text(const std::vector<pid_t>& pids) {
  std::string text;
  for (const pid_t pid : pids) text += std::to_string(pid) + " ";
  return text;
}

Result<std::string> ReadLimits(const ProcFs& fs, const ProcessHandle& process,
                               std::string& buffer) {
  const auto cgroups = FindLimitedCgroups(fs, process, buffer);
  if (!cgroups) return tl::unexpected<Error>(cgroups.error());
  std::string text;
  for (const LimitedCgroup& cgroup : *cgroups) {
    const auto used = ReadMemoryInUse(cgroup, buffer);
    if (!used) return tl::unexpected<Error>(used.error());
    text += std::to_string(used->value_or(0)) + " of " +
            std::to_string(cgroup.limit_bytes) + "\n";
  }
  return text;
}

const std::vector<Reader>& Readers() {
  static std::string buffer;
  static const std::vector<Reader> readers = {
      {"stat",
       [](const ProcFs&, const ProcessHandle& process) {
         return ReadStat(process, buffer).map([](const Stat& stat) {
           return std::string(stat.comm) + " " +
                  std::to_string(stat.start_time_ticks);
         });
       }},
      {"status",
       [](const ProcFs&, const ProcessHandle& process) {
         return ReadStatus(process, buffer).map([](const Status& status) {
           return status.name + " " + std::to_string(status.threads) + " " +
                  std::to_string(status.resident_bytes.value_or(0));
         });
       }},
      {"children",
       [](const ProcFs&, const ProcessHandle& process) {
         std::vector<pid_t> children;
         return ReadChildren(process, 2, buffer, children).map([&] {
           std::sort(children.begin(), children.end());
           return Text(children);
         });
       }},
      {"cgroup",
       [](const ProcFs&, const ProcessHandle& process) {
         return ReadCgroup(process, buffer)
             .map([](const std::vector<std::string>& paths) {
               return paths.front();
             });
       }},
      {"cmdline",
       [](const ProcFs&, const ProcessHandle& process) {
         return ReadArguments(process, buffer);
       }},
      {"limits",
       [](const ProcFs&, const ProcessHandle& process) {
         return ReadOpenFilesLimit(process, buffer).map([](const Limit& limit) {
           return std::to_string(limit.value_or(0));
         });
       }},
      {"memory limit",
       [](const ProcFs& fs, const ProcessHandle& process) {
         return ReadLimits(fs, process, buffer);
       }},
      {"smaps_rollup",
       [](const ProcFs&, const ProcessHandle& process) {
         return ReadSmapsRollup(process, buffer)
             .map([](const SmapsRollup& rollup) {
               return std::to_string(rollup.proportional_bytes) + " " +
                      std::to_string(rollup.unique_bytes);
             });
       }},
      {"maps",
       [](const ProcFs&, const ProcessHandle& process) {
         return ReadMappings(process);
       }},
      {"number of mappings",
       [](const ProcFs&, const ProcessHandle& process) {
         const SystemClock clock;
         return CountMappings(process, buffer, Deadline::Never(clock))
             .map([](uint64_t count) { return std::to_string(count); });
       }},
      {"fd",
       [](const ProcFs&, const ProcessHandle& process) {
         return ReadDescriptors(process);
       }},
      {"exe",
       [](const ProcFs&, const ProcessHandle& process) {
         return process.ReadLink("exe");
       }},
      {"max_map_count",
       [](const ProcFs& fs, const ProcessHandle&) {
         return ReadMaxMapCount(fs, buffer).map([](uint64_t count) {
           return std::to_string(count);
         });
       }},
      {"pids",
       [](const ProcFs& fs, const ProcessHandle&) {
         return ListPids(fs).map([](const std::vector<NumberedEntry>& entries) {
           return std::to_string(entries.size());
         });
       }},
      {"handle",
       [](const ProcFs& fs, const ProcessHandle&) {
         return ProcessHandle::Open(fs, kPid).map(
             [](const ProcessHandle& process) {
               return std::to_string(process.id().start_time_ticks);
             });
       }},
  };
  return readers;
}

/// Calls `check` with what a reader says while one call after another has the
/// fault, and with what it says otherwise.
template <typename Check>
void AtEachCall(const CallFault& fault, ProcessHandle::Keep keep,
                const Check& check) {
  const World world;
  const ProcFs fs = world.fs();
  const auto process = ProcessHandle::Open(fs, kPid, keep);
  REQUIRE(process.has_value());
  for (const Reader& reader : Readers()) {
    FakeClock clock(std::chrono::seconds(1000));
    Result<std::string> undisturbed;
    size_t calls = 0;
    {
      const FaultInjection counting({world.root()}, clock);
      undisturbed = reader.read(fs, *process);
      calls = counting.calls();
    }
    if (!undisturbed) FAIL(reader.name << ": " << undisturbed.error().message);
    REQUIRE(calls > 0);
    for (size_t at = 0; at < calls; ++at) {
      const FaultInjection injection({world.root()}, clock, fault, at);
      const auto result = reader.read(fs, *process);
      INFO(reader.name << ", " << fault.name << " at " << at << ": "
                       << injection.place());
      check(injection, result, *undisturbed);
    }
  }
}

constexpr ProcessHandle::Keep kKeeps[] = {ProcessHandle::Keep::kDescriptor,
                                          ProcessHandle::Keep::kNothing};

TEST_CASE("faults in /proc: what a file says is what it says, or an error") {
  const CallFault fault = GENERATE(
      CallFault{.name = "EACCES", .code = EACCES},
      CallFault{.name = "EPERM", .code = EPERM},
      CallFault{.name = "EIO", .code = EIO},
      CallFault{.name = "ENOMEM", .code = ENOMEM},
      CallFault{.name = "EMFILE", .code = EMFILE},
      CallFault{.name = "EMFILE, for good", .code = EMFILE, .for_good = true});
  for (const auto keep : kKeeps) {
    AtEachCall(fault, keep,
               [&](const FaultInjection&, const Result<std::string>& result,
                   const std::string& undisturbed) {
                 if (result) {
                   CHECK(*result == undisturbed);
                 } else {
                   CHECK(result.error().code == fault.code);
                 }
               });
  }
}

TEST_CASE("faults in /proc: a short read or an interruption changes nothing") {
  const CallFault fault =
      GENERATE(CallFault{.name = "interruption", .code = EINTR},
               CallFault{.name = "short read", .cut = true},
               CallFault{.name = "short reads", .for_good = true, .cut = true});
  for (const auto keep : kKeeps) {
    AtEachCall(
        fault, keep,
        [&](const FaultInjection& injection, const Result<std::string>& result,
            const std::string& undisturbed) {
          // A part of status that ends with a line passes for the whole: the
          // kernel gives it in one piece.
          if (injection.place() == "read /7/status" && fault.for_good) return;
          if (!result) FAIL(result.error().message);
          CHECK(*result == undisturbed);
        });
  }
}

TEST_CASE(
    "faults in /proc: of a process that dies nothing is read but its end") {
  for (const auto keep : kKeeps) {
    AtEachCall(
        {.name = "death", .death = true}, keep,
        [](const FaultInjection& injection, const Result<std::string>& result,
           const std::string& undisturbed) {
          if (result) {
            CHECK(*result == undisturbed);
          } else {
            CHECK(injection.victim() == kPid);
            CHECK(IsGone(result.error()));
          }
        });
  }
}

}  // namespace
}  // namespace leak_exporter::procfs
