#include "metrics/procfs/process_handle.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/scratch_directory.h"

namespace leak_exporter::procfs {
namespace {

using Keep = ProcessHandle::Keep;

/// A fake /proc/PID with this start time.
void WriteProcess(const std::string& root, pid_t pid, int start_time) {
  const std::string directory = root + "/" + std::to_string(pid);
  std::filesystem::create_directories(directory);
  std::ofstream(directory + "/stat")
      << pid << " (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 " << start_time
      << " 0 0 0 0 0 0 0\n";
  std::ofstream(directory + "/status")
      << "of the one that started at " << start_time;
}

TEST_CASE("process_handle: identity is the pid and its start time") {
  const ScratchDirectory proc;
  WriteProcess(proc.path(), 7, 1234);
  for (const Keep keep : {Keep::kDescriptor, Keep::kNothing}) {
    const auto process = ProcessHandle::Open(ProcFs(proc.path()), 7, keep);
    REQUIRE(process);
    CHECK(process->id() == ProcessId{7, 1234});
    CHECK(process->keeps_descriptor() == (keep == Keep::kDescriptor));
    CHECK(process->Path("fd/3") == proc.path() + "/7/fd/3");
    std::string buffer;
    CHECK(process->Read("status", buffer).value() ==
          "of the one that started at 1234");
  }
}

TEST_CASE("process_handle: without a descriptor a reused pid is not read") {
  const ScratchDirectory proc;
  WriteProcess(proc.path(), 7, 1234);
  const auto process =
      ProcessHandle::Open(ProcFs(proc.path()), 7, Keep::kNothing);
  REQUIRE(process);
  WriteProcess(proc.path(), 7, 5678);
  std::string buffer;
  const auto text = process->Read("status", buffer);
  REQUIRE_FALSE(text);
  CHECK(IsGone(text.error()));
  CHECK(text.error().message ==
        proc.path() + "/7: another process has this pid now");
  CHECK_FALSE(process->OpenAt("status", O_RDONLY));
  CHECK_FALSE(process->ReadLink("cwd"));
}

TEST_CASE("process_handle: its stat is its own, or the process is gone") {
  const ScratchDirectory proc;
  WriteProcess(proc.path(), 7, 1234);
  const auto process =
      ProcessHandle::Open(ProcFs(proc.path()), 7, Keep::kNothing);
  REQUIRE(process);
  std::string buffer;
  CHECK(ReadStat(*process, buffer)->start_time_ticks == 1234);
  WriteProcess(proc.path(), 7, 5678);
  REQUIRE_FALSE(ReadStat(*process, buffer));
  CHECK(IsGone(ReadStat(*process, buffer).error()));
  std::ofstream(proc.path() + "/7/stat") << "torn";
  CHECK(ReadStat(*process, buffer).error().message ==
        proc.path() + "/7/stat:1: no comm in 'torn'");
}

TEST_CASE("process_handle: errors name the whole path") {
  const ScratchDirectory proc;
  const auto none = ProcessHandle::Open(ProcFs(proc.path()), 7);
  REQUIRE_FALSE(none);
  CHECK(none.error().code == ENOENT);
  CHECK(none.error().message == proc.path() + "/7: No such file or directory");

  WriteProcess(proc.path(), 7, 1);
  std::ofstream(proc.path() + "/7/stat") << "torn";
  for (const Keep keep : {Keep::kDescriptor, Keep::kNothing}) {
    const auto torn = ProcessHandle::Open(ProcFs(proc.path()), 7, keep);
    REQUIRE_FALSE(torn);
    CHECK(torn.error().message == proc.path() + "/7/stat:1: no comm in 'torn'");
  }

  WriteProcess(proc.path(), 7, 1);
  for (const Keep keep : {Keep::kDescriptor, Keep::kNothing}) {
    const auto process = ProcessHandle::Open(ProcFs(proc.path()), 7, keep);
    REQUIRE(process);
    std::string buffer;
    CHECK(process->Read("maps", buffer).error().message ==
          proc.path() + "/7/maps: No such file or directory");
    CHECK(process->OpenAt("maps", O_RDONLY).error().message ==
          proc.path() + "/7/maps: No such file or directory");
    CHECK(process->ReadLink("exe").error().message ==
          proc.path() + "/7/exe: No such file or directory");
  }
}

TEST_CASE("process_handle: a reaped process is gone, however it is read") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const auto kept = ProcessHandle::Open(ProcFs(), child);
  const auto by_path = ProcessHandle::Open(ProcFs(), child, Keep::kNothing);
  REQUIRE(kept);
  REQUIRE(by_path);
  CHECK(kept->id() == by_path->id());
  std::string buffer;
  CHECK(kept->ReadOnce("status", buffer));
  CHECK(by_path->ReadOnce("status", buffer));

  REQUIRE(::kill(child, SIGKILL) == 0);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  for (const auto* process : {&*kept, &*by_path}) {
    const auto text = process->ReadOnce("status", buffer);
    REQUIRE_FALSE(text);
    CHECK(IsGone(text.error()));
  }
}

TEST_CASE("process_handle: out of descriptors it goes by path") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  // One more than is open now: enough to read, not to keep and read.
  const int next = ::dup(STDERR_FILENO);
  REQUIRE(next >= 0);
  ::close(next);
  const rlimit tight{static_cast<rlim_t>(next), before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
  const auto refused = ProcessHandle::Open(ProcFs(), ::getpid());
  const rlimit one_left{static_cast<rlim_t>(next + 1), before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &one_left) == 0);
  const auto by_path = ProcessHandle::Open(ProcFs(), ::getpid());
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);

  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == EMFILE);
  REQUIRE(by_path);
  CHECK(by_path->pid() == ::getpid());
}

}  // namespace
}  // namespace leak_exporter::procfs
