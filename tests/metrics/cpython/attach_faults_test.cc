#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "metrics/cpython/attach.h"
#include "tests/catch.h"
#include "tests/fake_clock.h"
#include "tests/fault_injection.h"
#include "tests/python_child.h"

/// Attaching to a living Python, while one system call after another fails that
/// reads its memory, its files in /proc, or its program's file.
namespace leak_exporter::cpython {
namespace {

using std::chrono::seconds;

/// A Python, and what is read of it.
class Target {
 public:
  Target()
      : child_("/usr/bin/python3",
               "import os, sys\nprint('.')\nsys.stdout.flush(); os.read(0, 1)"),
        process_(*procfs::ProcessHandle::Open(procfs::ProcFs(), child_.pid())),
        program_(std::filesystem::canonical("/usr/bin/python3")) {}

  /// One Python for all tests.
  static const Target& One() {
    static const Target target;
    return target;
  }

  struct Attached {
    /// Where the interpreter is; absent where there is no CPython.
    Result<std::optional<std::string>> result;
    size_t calls = 0;
    std::string place;
  };
  Attached Attach(const CallFault& fault = {},
                  size_t at = FaultInjection::kNowhere) const {
    FakeClock clock(seconds(1000));
    const FaultInjection injection({"/proc", program_}, clock, fault, at);
    auto result = WithPython(
        process_, {}, clock, Deadline::After(clock, seconds(10)),
        [](const AttachedPython& python) -> Result<std::string> {
          std::string text = ToString(python.layout().version);
          for (const Interpreter& interpreter : python.runtime.interpreters) {
            text += " " + ToString(interpreter.address);
            // Who attaches need not look whether a read failed.
            static_cast<void>(python.memory.ReadPointer(interpreter.address));
          }
          return text;
        });
    return {std::move(result), injection.calls(), injection.place()};
  }

 private:
  PythonChild child_;
  procfs::ProcessHandle process_;
  std::string program_;
};

/// Calls `check` with what becomes of each attempt.
template <typename Check>
void AtEachCall(const CallFault& fault, const Check& check) {
  const Target& target = Target::One();
  const Target::Attached undisturbed = target.Attach();
  if (!undisturbed.result) FAIL(undisturbed.result.error().message);
  REQUIRE(undisturbed.result->has_value());
  for (size_t at = 0; at < undisturbed.calls; ++at) {
    const Target::Attached attached = target.Attach(fault, at);
    if (attached.place.empty()) continue;
    INFO(fault.name << " at " << at << " of " << undisturbed.calls << ": "
                    << attached.place);
    check(attached, **undisturbed.result);
  }
}

TEST_CASE("faults while attaching: a Python is found, or it is said why not") {
  const CallFault fault = GENERATE(
      CallFault{.name = "EACCES", .code = EACCES},
      CallFault{.name = "EIO", .code = EIO},
      CallFault{.name = "ENOMEM", .code = ENOMEM},
      CallFault{.name = "EMFILE", .code = EMFILE},
      CallFault{.name = "EMFILE, for good", .code = EMFILE, .for_good = true});
  AtEachCall(fault, [&](const Target::Attached& attached,
                        const std::string& undisturbed) {
    if (attached.result) {
      CHECK(attached.result->value_or("none") == undisturbed);
    } else {
      CHECK(attached.result.error().code == fault.code);
    }
  });
}

TEST_CASE("faults while attaching: short reads and interruptions are nothing") {
  const CallFault fault =
      GENERATE(CallFault{.name = "interruption", .code = EINTR},
               CallFault{.name = "short read", .cut = true});
  AtEachCall(fault, [](const Target::Attached& attached,
                       const std::string& undisturbed) {
    if (!attached.result) FAIL(attached.result.error().message);
    CHECK(attached.result->value_or("none") == undisturbed);
  });
}

TEST_CASE("faults while attaching: a process that dies is gone") {
  AtEachCall({.name = "death", .death = true},
             [](const Target::Attached& attached, const std::string&) {
               REQUIRE_FALSE(attached.result.has_value());
               CHECK(IsGone(attached.result.error()));
             });
}

TEST_CASE("faults while attaching: what takes too long is said") {
  AtEachCall(
      {.name = "slow", .duration = seconds(60)},
      [](const Target::Attached& attached, const std::string& undisturbed) {
        if (attached.result) {
          CHECK(attached.result->value_or("none") == undisturbed);
        } else {
          CHECK(attached.result.error().code == ETIMEDOUT);
        }
      });
}

}  // namespace
}  // namespace leak_exporter::cpython
