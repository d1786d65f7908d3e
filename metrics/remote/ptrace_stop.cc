#include "metrics/remote/ptrace_stop.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "metrics/base/unique_fd.h"

namespace leak_exporter {
namespace {

constexpr size_t kMaxThreads = 100'000;
constexpr int kEventShift = 16;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

Result<std::vector<pid_t>> ListThreads(const procfs::ProcessHandle& process) {
  auto fd = process.OpenAt("task", O_RDONLY | O_DIRECTORY);
  if (!fd) return tl::unexpected<Error>(fd.error());
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(fd->get()));
  if (!directory) return Failure(errno, process.Path("task"));
  fd->Release();
  std::vector<pid_t> threads;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    pid_t id = 0;
    const auto parsed =
        std::from_chars(name.data(), name.data() + name.size(), id);
    if (parsed.ec == std::errc() && threads.size() < kMaxThreads) {
      threads.push_back(id);
    }
  }
  return threads;
}

void Pause() {
  constexpr timespec kPause = {0, 50'000};
  ::nanosleep(&kPause, nullptr);
}

}  // namespace

PtraceStop::PtraceStop(PtraceStop&& other) noexcept
    : threads_(std::exchange(other.threads_, {})) {}

PtraceStop::~PtraceStop() {
  const auto release = [](const Thread& thread) {
    ::ptrace(PTRACE_DETACH, thread.id, nullptr, thread.signal);
  };
  for (const Thread& thread : threads_) {
    if (thread.stopped) release(thread);
  }
  // A thread that has not stopped yet would stop later, with nobody to let it
  // go.
  for (Thread& thread : threads_) {
    if (thread.stopped) continue;
    while (!Check(thread)) Pause();
    release(thread);
  }
}

Result<PtraceStop> PtraceStop::Stop(const procfs::ProcessHandle& process,
                                    const Deadline& deadline) {
  PtraceStop stop;
  // A thread can start others until it has stopped itself.
  for (;;) {
    const auto added = stop.SeizeNewThreads(process);
    if (!added) return tl::unexpected<Error>(added.error());
    if (*added == 0) break;
    auto stopped = stop.WaitForAll(process, deadline);
    if (!stopped) return tl::unexpected<Error>(stopped.error());
  }
  if (stop.threads_.empty()) {
    return Failure(ESRCH, process.Path("task") + ": no threads");
  }
  return stop;
}

Result<size_t> PtraceStop::SeizeNewThreads(
    const procfs::ProcessHandle& process) {
  const auto ids = ListThreads(process);
  if (!ids) return tl::unexpected<Error>(ids.error());
  size_t added = 0;
  for (const pid_t id : *ids) {
    const bool known =
        std::any_of(threads_.begin(), threads_.end(),
                    [id](const Thread& thread) { return thread.id == id; });
    if (known) continue;
    if (::ptrace(PTRACE_SEIZE, id, nullptr, nullptr) != 0) {
      if (errno == ESRCH) continue;  // It ended.
      const int code = errno;
      return Failure(code, process.Path("task/" + std::to_string(id)) +
                               ": cannot be stopped: " +
                               std::generic_category().message(code));
    }
    threads_.push_back({id, false, 0});
    ::ptrace(PTRACE_INTERRUPT, id, nullptr, nullptr);
    ++added;
  }
  return added;
}

bool PtraceStop::Check(Thread& thread) {
  int status = 0;
  const pid_t waited = ::waitpid(thread.id, &status, __WALL | WNOHANG);
  if (waited == 0) return false;
  // A thread that has ended needs no more care.
  thread.stopped = true;
  if (waited == thread.id && WIFSTOPPED(status) && status >> kEventShift == 0) {
    thread.signal = WSTOPSIG(status);
  }
  return true;
}

Result<void> PtraceStop::WaitForAll(const procfs::ProcessHandle& process,
                                    const Deadline& deadline) {
  for (;;) {
    const bool all = std::all_of(
        threads_.begin(), threads_.end(),
        [](Thread& thread) { return thread.stopped || Check(thread); });
    if (all) return {};
    if (deadline.Expired()) {
      return Failure(ETIMEDOUT,
                     process.Path("task") + ": threads did not stop in time");
    }
    Pause();
  }
}

}  // namespace leak_exporter
