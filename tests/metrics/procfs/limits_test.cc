#include "metrics/procfs/limits.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "tests/catch.h"
#include "tests/fake_proc.h"
#include "tests/waiting_process.h"

namespace leak_exporter::procfs {
namespace {

constexpr const char* kHeader =
    "Limit                     Soft Limit           Hard Limit           "
    "Units     \n"
    "Max cpu time              unlimited            unlimited            "
    "seconds   \n";

TEST_CASE("limits: the soft limit of open files") {
  const auto [line, limit] = GENERATE(table<std::string, Limit>({
      {"Max open files            1024                 524288               "
       "files     \n",
       1024},
      {"Max open files            0                    0                    "
       "files     \n",
       0},
      {"Max open files            unlimited            unlimited            "
       "files     \n",
       std::nullopt},
      {"Max open files            18446744073709551614 unlimited            "
       "files     \n",
       18446744073709551614U},
  }));
  const auto parsed = ParseOpenFilesLimit(kHeader + line);
  REQUIRE(parsed);
  CHECK(*parsed == limit);
}

TEST_CASE("limits: what cannot be read is an error, not unlimited") {
  const auto [line, message] = GENERATE(table<std::string, std::string>(
      {{"", " no Max open files"},
       {"Max open files\n", " no Max open files"},
       {"Max open files            \n", "3: bad Max open files ''"},
       {"Max open files            x   1\n", "3: bad Max open files 'x'"},
       {"Max open files            -1  1\n", "3: bad Max open files '-1'"},
       {"Max open files            18446744073709551616\n",
        "3: bad Max open files '18446744073709551616'"},
       {"Max open files            10",
        "3: torn last line 'Max open files            10'"}}));
  CAPTURE(line);
  const auto parsed = ParseOpenFilesLimit(kHeader + line);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().message == message);
}

TEST_CASE("limits: errors name the file") {
  const FakeProc proc;
  proc.Write(7, "limits", "Max open files   x\n");
  std::string buffer;
  CHECK(ReadOpenFilesLimit(proc.Open(7), buffer).error().message ==
        proc.root() + "/7/limits:1: bad Max open files 'x'");
}

TEST_CASE("limits: the file and prlimit(2) agree") {
  const WaitingProcess child([] {
    const rlimit limit{123, 456};
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::_exit(1);
  });
  const auto process = ProcessHandle::Open(ProcFs(), child.pid());
  REQUIRE(process);
  std::string buffer;
  CHECK(ReadOpenFilesLimit(*process, buffer).value() == Limit(123));
  CHECK(AskOpenFilesLimit(*process) == std::optional<Limit>(123));
}

TEST_CASE("limits: only the kernel's own /proc has this program's pids") {
  CHECK(OwnsPids(ProcFs()));
  const FakeProc proc;
  CHECK_FALSE(OwnsPids(proc.fs()));
  const std::string self = proc.root() + "/self";
  std::filesystem::create_symlink(std::to_string(::getpid() + 1), self);
  CHECK_FALSE(OwnsPids(proc.fs()));
}

TEST_CASE("limits: vm.max_map_count") {
  const FakeProc proc;
  std::string buffer;
  const auto hidden = ReadMaxMapCount(proc.fs(), buffer);
  REQUIRE_FALSE(hidden);
  CHECK(hidden.error().code == ENOENT);
  proc.Write("sys/vm/max_map_count", "65530\n");
  CHECK(ReadMaxMapCount(proc.fs(), buffer).value() == 65530);
  proc.Write("sys/vm/max_map_count", "many\n");
  CHECK(ReadMaxMapCount(proc.fs(), buffer).error().message ==
        proc.root() + "/sys/vm/max_map_count:1: bad number 'many'");
}

}  // namespace
}  // namespace leak_exporter::procfs
