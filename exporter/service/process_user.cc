#include "exporter/service/process_user.h"

#include <chrono>
#include <cmath>
#include <string>

#include "metrics/procfs/process_handle.h"
#include "metrics/procfs/stat.h"
#include "metrics/procfs/status.h"

namespace leak_exporter {
namespace {

// Both are computed from the same clocks, which were read at two times.
constexpr double kStartTolerance = 0.5;

}  // namespace

std::optional<uid_t> UserOfProcess(const procfs::ProcFs& proc_fs,
                                   const Clock& clock,
                                   const MainProcess& process) {
  const auto handle = procfs::ProcessHandle::Open(proc_fs, process.pid);
  if (!handle) return std::nullopt;
  const std::chrono::duration<double> started =
      clock.WallTime().time_since_epoch() - clock.SinceBoot() +
      procfs::StartSinceBoot(handle->id().start_time_ticks);
  if (std::abs(started.count() - process.start_time_unix_seconds) >
      kStartTolerance) {
    return std::nullopt;
  }
  std::string buffer;
  const auto status = procfs::ReadStatus(*handle, buffer);
  return status ? status->only_uid : std::nullopt;
}

}  // namespace leak_exporter
