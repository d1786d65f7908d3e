#include "exporter/service/self_status.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "exporter/cli/version.h"
#include "metrics/base/read_file.h"
#include "metrics/procfs/process_handle.h"
#include "metrics/procfs/stat.h"
#include "metrics/procfs/text.h"

namespace leak_exporter {
namespace {

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_usec) / 1e6;
}

std::optional<double> StartTime(const procfs::ProcFs& fs, const Clock& clock) {
  const auto self = procfs::ProcessHandle::Open(fs, ::getpid());
  if (!self) return std::nullopt;
  const std::chrono::duration<double> started =
      clock.WallTime().time_since_epoch() - clock.SinceBoot() +
      procfs::StartSinceBoot(self->id().start_time_ticks);
  return started.count();
}

std::optional<double> CpuSeconds() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return std::nullopt;
  return Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
}

std::optional<uint64_t> MostDescriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
      limit.rlim_cur == RLIM_INFINITY) {
    return std::nullopt;
  }
  return limit.rlim_cur;
}

std::optional<uint64_t> OpenDescriptors(const procfs::ProcFs& fs) {
  std::error_code failed;
  uint64_t count = 0;
  for (std::filesystem::directory_iterator it(fs.Path("self/fd"), failed), end;
       !failed && it != end; it.increment(failed)) {
    ++count;
  }
  // One of them is the listing's own.
  return failed ? std::nullopt : std::optional(count - 1);
}

/// The first two fields of statm are pages (proc(5)).
void ReadMemory(const procfs::ProcFs& fs, render::ExporterStatus& status) {
  std::string buffer;
  const auto text = ReadFile(fs.Path("self/statm"), buffer);
  if (!text) return;
  const size_t first = text->find(' ');
  if (first == std::string_view::npos) return;
  const size_t second = text->find(' ', first + 1);
  if (second == std::string_view::npos) return;
  const auto total = procfs::ParseNumber<uint64_t>(text->substr(0, first));
  const auto resident = procfs::ParseNumber<uint64_t>(
      text->substr(first + 1, second - first - 1));
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  if (total) status.virtual_bytes = *total * page;
  if (resident) status.resident_bytes = *resident * page;
}

}  // namespace

SelfStatus::SelfStatus(procfs::ProcFs proc_fs, const Clock& clock)
    : proc_fs_(std::move(proc_fs)),
      start_time_unix_seconds_(StartTime(proc_fs_, clock)) {}

render::ExporterStatus SelfStatus::Read() const {
  render::ExporterStatus status;
  const BuildInfo& build = ThisBuild();
  status.version = build.version;
  status.revision = build.revision;
  status.compiler = build.compiler;
  status.cpu_seconds = CpuSeconds();
  status.open_fds = OpenDescriptors(proc_fs_);
  status.max_fds = MostDescriptors();
  status.start_time_unix_seconds = start_time_unix_seconds_;
  ReadMemory(proc_fs_, status);
  return status;
}

}  // namespace leak_exporter
