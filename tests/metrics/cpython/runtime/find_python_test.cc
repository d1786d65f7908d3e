#include "metrics/cpython/runtime/find_python.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>
#include <string>

#include "metrics/base/clock.h"
#include "metrics/remote/process_memory.h"
#include "tests/catch.h"
#include "tests/metrics/remote/faulty_memory.h"
#include "tests/python_child.h"
#include "tests/waiting_process.h"

/// What makes this program a CPython to who looks for one: its file has python
/// in its name, and a variable that is called so.
extern "C" std::array<uint64_t, 256> _PyRuntime;
std::array<uint64_t, 256> _PyRuntime = {1};

namespace leak_exporter::cpython {
namespace {

Result<std::optional<PythonRuntime>> Find(
    pid_t pid, const std::function<Fault(size_t, RemoteAddr, size_t)>& fault) {
  const SystemClock clock;
  const auto process = procfs::ProcessHandle::Open(procfs::ProcFs(), pid);
  if (!process) return tl::unexpected<Error>(process.error());
  std::string buffer;
  const auto map = MemoryMap::Read(*process, buffer, Deadline::Never(clock));
  if (!map) return tl::unexpected<Error>(map.error());
  const ProcessMemory live(pid);
  return FindPython(*process, *map, FaultyMemory(live, fault),
                    Deadline::Never(clock));
}

Result<std::optional<PythonRuntime>> Find(pid_t pid) {
  return Find(pid, [](size_t, RemoteAddr, size_t) { return Fault{}; });
}

TEST_CASE("find python: version and interpreters of those that are here") {
  const std::string interpreter = GENERATE(from_range(PythonInterpreters()));
  INFO(interpreter);
  const PythonChild child(interpreter, R"(
import os, sys
sys.stdout.write('%d.%d.%d\n.\n' % tuple(sys.version_info[:3]))
sys.stdout.flush(); os.read(0, 1)
)");
  const auto found = Find(child.pid());
  if (!found) FAIL(found.error().message);
  REQUIRE(found->has_value());
  const PythonRuntime& runtime = **found;
  CHECK(ToString(runtime.layout.version) + "\n" == child.output());
  CHECK_FALSE(runtime.layout.free_threaded);
  CHECK(runtime.binary.find("python") != std::string::npos);
  CHECK(runtime.mapping.size() > 0);
  REQUIRE(runtime.interpreters.size() == 1);
  CHECK(runtime.interpreters.front().gc.generations.size() == 3);
  CHECK(runtime.interpreters.front().address != RemoteAddr{});
  CHECK(runtime.interpreters.front().modules != RemoteAddr{});
  // pymalloc's state: in the interpreter, or found by its symbols.
  CHECK((runtime.interpreters.front().obmalloc || runtime.arenas ||
         interpreter == "/usr/bin/python3"));
}

TEST_CASE("find python: a process that has none is none, and no error") {
  const PythonChild child("/bin/sh", "echo .; read line");
  const auto found = Find(child.pid());
  REQUIRE(found.has_value());
  CHECK_FALSE(found->has_value());
}

/// _PyRuntime begins with a cookie, the version, whether it is built
/// free-threaded, and offsets: the first leads to a list of no interpreters.
void Describe(uint64_t hex_version, uint64_t free_threaded) {
  _PyRuntime.fill(0);
  std::memcpy(_PyRuntime.data(), "xdebugpy", 8);
  _PyRuntime[1] = hex_version;
  _PyRuntime[2] = free_threaded;
  _PyRuntime[40 / 8] = 1024;
}

std::string ErrorAfterName(const Result<std::optional<PythonRuntime>>& found,
                           int code = ENOTSUP) {
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error().code == code);
  const std::string& message = found.error().message;
  const size_t colon = message.find(": ");
  REQUIRE(colon != std::string::npos);
  CHECK(message.substr(0, colon).ends_with("/test_cpython_runtime"));
  return message.substr(colon + 2);
}

TEST_CASE("find python: one that is not understood is an error, not none") {
  struct Case {
    uint64_t hex_version;
    uint64_t free_threaded;
    const char* message;
    int code = ENOTSUP;
  };
  const Case cases[] = {
      {0x036300f0, 0, "the memory layout of CPython 3.99.0 is not known"},
      {0x036300f0, 1, "the memory layout of CPython 3.99.0 is not known"},
      {0x030c01f0, 1, "CPython 3.12.1 cannot be free-threaded: not understood"},
      {0x030e00f0, 1,
       "a free-threaded CPython 3.14.0: its layout was never compared with a "
       "running one"},
      {0x030c01f0, 0, "the _Py_DebugOffsets of CPython 3.12.1 are not known"},
      {0x030d05f0, 0, "CPython is not initialised yet", EAGAIN},
  };
  for (const Case& c : cases) {
    Describe(c.hex_version, c.free_threaded);
    CHECK(ErrorAfterName(Find(::getpid()), c.code) == c.message);
  }
}

TEST_CASE("find python: offsets that make no sense are an error") {
  Describe(0x030d05f0, 0);
  _PyRuntime[40 / 8] = uint64_t{1} << 40;
  const std::string message = ErrorAfterName(Find(::getpid()), 0);
  CHECK(message.starts_with("_Py_DebugOffsets at 0x"));
  CHECK(message.ends_with(": offset 1099511627776 at position 40"));
}

TEST_CASE("find python: without a description, versions are tried") {
  _PyRuntime.fill(0);
  CHECK(ErrorAfterName(Find(::getpid())) ==
        "a CPython whose version cannot be told (or one that is still "
        "starting)");
}

TEST_CASE("find python: what the system says keeps its code") {
  Describe(0x030d05f0, 0);
  const RemoteAddr runtime{reinterpret_cast<uint64_t>(_PyRuntime.data())};
  size_t reads_of_runtime = 0;
  const size_t end = GENERATE(1, 2, 3);
  const auto found = Find(::getpid(), [&](size_t, RemoteAddr address, size_t) {
    if (address < runtime || address >= runtime + 2048) return Fault{};
    return ++reads_of_runtime >= end ? Fault{ESRCH, {}} : Fault{};
  });
  REQUIRE_FALSE(found.has_value());
  CHECK(IsGone(found.error()));
}

TEST_CASE("find python: a process that has ended is gone") {
  pid_t pid = 0;
  {
    const WaitingProcess child;
    pid = child.pid();
  }
  const auto found = Find(pid);
  REQUIRE_FALSE(found.has_value());
  CHECK(IsGone(found.error()));
}

}  // namespace
}  // namespace leak_exporter::cpython
