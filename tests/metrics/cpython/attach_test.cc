#include "metrics/cpython/attach.h"

#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "metrics/cpython/heap/type_counter.h"
#include "tests/catch.h"
#include "tests/python_child.h"
#include "tests/waiting_process.h"

namespace leak_exporter::cpython {
namespace {

constexpr const char* kPython = "/usr/bin/python3";
const std::string kWait = R"(
sys.stdout.write('.\n'); sys.stdout.flush(); os.read(0, 1)
)";

procfs::ProcessHandle Open(pid_t pid) {
  auto process = procfs::ProcessHandle::Open(procfs::ProcFs(), pid);
  if (!process) FAIL(process.error().message);
  return *std::move(process);
}

template <typename Use>
auto Attach(pid_t pid, const Use& use, const AttachOptions& options = {}) {
  const SystemClock clock;
  return WithPython(Open(pid), options, clock,
                    Deadline::After(clock, std::chrono::seconds(30)), use);
}

/// How many objects of a type there are, by one walk.
Result<uint64_t> Count(const AttachedPython& python, std::string_view name) {
  const SystemClock clock;
  TypeTable types(python.memory, python.layout());
  TypeCounter counter;
  const auto walk =
      python.Walk(types, counter, HeapWalkLimits(), Deadline::Never(clock));
  if (!walk) return tl::unexpected<Error>(walk.error());
  uint64_t count = 0;
  for (TypeIndex i = 0; i < counter.counts().size(); ++i) {
    if (types.ReadName(i).value_or("") == name) count += counter.counts()[i];
  }
  return count;
}

TEST_CASE("attach: several walks with visitors of the caller's, one memory") {
  const PythonChild child(kPython, R"(
import os, sys, gc
gc.disable()
class Kept(list): pass
kept = [Kept() for i in range(300)]
)" + kWait);
  const auto counts =
      Attach(child.pid(),
             [](const AttachedPython& python)
                 -> Result<std::pair<uint64_t, uint64_t>> {
               CHECK(python.layout().version.major == 3);
               CHECK(python.runtime.interpreters.size() == 1);
               CHECK(python.paused.count() == 0);
               const auto first = Count(python, "__main__.Kept");
               const auto second = Count(python, "__main__.Kept");
               if (!first) return tl::unexpected<Error>(first.error());
               if (!second) return tl::unexpected<Error>(second.error());
               return std::pair(*first, *second);
             });
  if (!counts) FAIL(counts.error().message);
  REQUIRE(counts->has_value());
  CHECK(**counts == std::pair<uint64_t, uint64_t>(300, 300));
}

TEST_CASE("attach: a process that is no CPython is not used, and no error") {
  const WaitingProcess child;
  bool called = false;
  const auto used =
      Attach(child.pid(), [&](const AttachedPython&) -> Result<int> {
        called = true;
        return 1;
      });
  REQUIRE(used.has_value());
  CHECK_FALSE(used->has_value());
  CHECK_FALSE(called);
}

TEST_CASE("attach: the user's error is passed on") {
  const PythonChild child(kPython, "import os, sys" + kWait);
  const auto used =
      Attach(child.pid(), [](const AttachedPython&) -> Result<int> {
        return Failure(ENOSPC, "the user's own");
      });
  REQUIRE_FALSE(used.has_value());
  CHECK(used.error().code == ENOSPC);
  CHECK(used.error().message == "the user's own");
}

TEST_CASE("attach: a refusal says what it takes to be allowed") {
  const PythonChild child(kPython, "import os, sys" + kWait);
  const auto used =
      Attach(child.pid(), [](const AttachedPython&) -> Result<int> {
        return Failure(EPERM, "refused");
      });
  REQUIRE_FALSE(used.has_value());
  CHECK(used.error().message ==
        "refused (reading a Python heap takes CAP_SYS_PTRACE, or the target's "
        "uid where kernel.yama.ptrace_scope is 0)");
}

TEST_CASE("attach: what became another program meanwhile is gone") {
  PythonChild child(kPython, R"(
import os, sys
sys.stdout.write('.\n'); sys.stdout.flush(); os.read(0, 1)
os.execv(sys.executable, [sys.executable, '-c', '''
import os, sys
sys.stdout.write('.\\n'); sys.stdout.flush(); os.read(0, 1)
'''])
)");
  const bool fails = GENERATE(false, true);
  const auto used =
      Attach(child.pid(), [&](const AttachedPython&) -> Result<int> {
        child.Continue();
        if (fails) return Failure(EFAULT, "nothing is where it was");
        return 1;
      });
  REQUIRE_FALSE(used.has_value());
  CHECK(IsGone(used.error()));
  CHECK(used.error().message ==
        "/proc/" + std::to_string(child.pid()) +
            "/exe: became another program while it was read");
}

TEST_CASE("attach: a process that ends while it is read is gone") {
  std::optional<PythonChild> child;
  child.emplace(kPython, "import os, sys" + kWait);
  const auto used =
      Attach(child->pid(), [&](const AttachedPython&) -> Result<int> {
        child.reset();
        return 1;
      });
  REQUIRE_FALSE(used.has_value());
  CHECK(IsGone(used.error()));
}

TEST_CASE("attach: past the deadline nothing is used") {
  const PythonChild child(kPython, "import os, sys" + kWait);
  const SystemClock clock;
  const auto used =
      UsePython(Open(child.pid()), {}, clock,
                Deadline::After(clock, std::chrono::seconds(-1)),
                [](const AttachedPython&) -> Result<void> { return {}; });
  REQUIRE_FALSE(used.has_value());
  CHECK(used.error().code == ETIMEDOUT);
}

TEST_CASE("attach: a copy stays as it was while the process goes on") {
  PythonChild child(kPython, R"(
import os, sys, gc
gc.disable()
class Kept(list): pass
kept = [Kept() for i in range(300)]
sys.stdout.write('.\n'); sys.stdout.flush(); os.read(0, 1)
kept += [Kept() for i in range(5000)]
)" + kWait);
  AttachOptions options;
  options.freeze = true;
  const auto count = Attach(
      child.pid(),
      [&](const AttachedPython& python) {
        child.Continue();
        CHECK(python.paused.count() > 0);
        return Count(python, "__main__.Kept");
      },
      options);
  if (!count) FAIL(count.error().message);
  REQUIRE(count->has_value());
  CHECK(**count == 300);
  const auto now = Attach(child.pid(), [](const AttachedPython& python) {
    return Count(python, "__main__.Kept");
  });
  CHECK(**now == 5300);
}

}  // namespace
}  // namespace leak_exporter::cpython
