#include <cerrno>
#include <chrono>
#include <cstddef>
#include <optional>
#include <sstream>
#include <string>

#include "metrics/cpython/runtime/find_python.h"
#include "metrics/remote/guarded_memory.h"
#include "metrics/remote/process_memory.h"
#include "tests/catch.h"
#include "tests/fake_clock.h"
#include "tests/metrics/remote/fault_at_read.h"
#include "tests/python_child.h"

/// The search for the CPython of a living process whose memory fails, at one
/// read after another.
namespace leak_exporter::cpython {
namespace {

/// A child and its map, read once.
class Target {
 public:
  Target()
      : child_("/usr/bin/python3",
               "import os, sys\nprint('.')\n"
               "sys.stdout.flush(); os.read(0, 1)"),
        process_(*procfs::ProcessHandle::Open(procfs::ProcFs(), child_.pid())) {
    std::string buffer;
    const SystemClock clock;
    map_ = *MemoryMap::Read(process_, buffer, Deadline::Never(clock));
  }

  struct Found {
    Result<std::optional<PythonRuntime>> result;
    std::optional<Error> end;
    size_t reads = 0;
  };
  Found Find(const ReadFault& fault = {},
             size_t at = FaultAtRead::kNowhere) const {
    FakeClock clock(std::chrono::seconds(1000));
    const ProcessMemory live(child_.pid());
    const FaultAtRead faulty(live, clock, fault, at);
    const Deadline deadline = Deadline::After(clock, std::chrono::seconds(10));
    const GuardedMemory guard(faulty, ReadableRanges(map_), deadline);
    auto result = FindPython(process_, map_, guard, deadline);
    return {std::move(result), guard.end(), faulty.reads()};
  }

 private:
  PythonChild child_;
  procfs::ProcessHandle process_;
  MemoryMap map_;
};

std::string TextOf(const PythonRuntime& runtime) {
  std::ostringstream out;
  out << ToString(runtime.layout.version) << ' ' << runtime.binary;
  for (const Interpreter& interpreter : runtime.interpreters) {
    out << ' ' << ToString(interpreter.address) << ' '
        << ToString(interpreter.modules);
    for (const RemoteAddr head : interpreter.gc.generations) {
      out << ' ' << ToString(head);
    }
  }
  return out.str();
}

template <typename Check>
void AtEachRead(const ReadFault& fault, const Check& check) {
  static const Target target;
  static const Target::Found undisturbed = target.Find();
  if (!undisturbed.result) FAIL(undisturbed.result.error().message);
  REQUIRE(undisturbed.result->has_value());
  for (size_t at = 0; at < undisturbed.reads; ++at) {
    INFO(fault.name << " at " << at << " of " << undisturbed.reads);
    check(target.Find(fault, at), TextOf(**undisturbed.result), at);
  }
}

TEST_CASE(
    "faults in an interpreter: a read that fails hides no CPython and makes up "
    "none") {
  const ReadFault fault =
      GENERATE(ReadFault{.name = "bad address", .code = EFAULT},
               ReadFault{.name = "no memory", .code = ENOMEM},
               ReadFault{.name = "half", .divisor = 2},
               ReadFault{.name = "one byte", .divisor = SIZE_MAX});
  AtEachRead(fault,
             [&](const Target::Found& found, const std::string& text, size_t) {
               if (!found.result) {
                 CHECK(fault.code != 0);
                 CHECK((found.result.error().code == fault.code ||
                        found.result.error().code == ENOTSUP));
                 return;
               }
               REQUIRE(found.result->has_value());
               CHECK(TextOf(**found.result) == text);
             });
}

TEST_CASE(
    "faults in an interpreter: no CPython is found in what died, refused, or "
    "took long") {
  const ReadFault fault =
      GENERATE(ReadFault{.name = "death", .code = ESRCH, .for_good = true},
               ReadFault{.name = "refusal", .code = EPERM, .for_good = true},
               ReadFault{.name = "slow", .duration = std::chrono::seconds(11)});
  AtEachRead(fault, [&](const Target::Found& found, const std::string& text,
                        size_t at) {
    CHECK(found.reads == at + 1);
    if (found.result && found.result->has_value() && !found.end) {
      // It was the last read that took so long.
      CHECK(fault.code == 0);
      CHECK(TextOf(**found.result) == text);
      return;
    }
    REQUIRE(found.end);
    CHECK(found.end->code == (fault.code != 0 ? fault.code : ETIMEDOUT));
  });
}

TEST_CASE(
    "faults in an interpreter: other bytes than were there keep no search "
    "busy") {
  AtEachRead({.name = "garbage", .for_good = true, .garbage = true},
             [](const Target::Found& found, const std::string&, size_t) {
               CHECK(found.reads < 100'000);
             });
}

}  // namespace
}  // namespace leak_exporter::cpython
