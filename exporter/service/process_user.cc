#include "exporter/service/process_user.h"

#include <string>

#include "metrics/procfs/process_handle.h"
#include "metrics/procfs/stat.h"
#include "metrics/procfs/status.h"

namespace leak_exporter {

std::optional<uid_t> UserOfProcess(const procfs::ProcFs& proc_fs,
                                   const MainProcess& process) {
  const auto handle = procfs::ProcessHandle::Open(proc_fs, process.pid);
  if (!handle) return std::nullopt;
  const auto started = procfs::StartSinceBoot(handle->id().start_time_ticks);
  if (started != process.start_since_boot) return std::nullopt;
  std::string buffer;
  const auto status = procfs::ReadStatus(*handle, buffer);
  return status ? status->only_uid : std::nullopt;
}

}  // namespace leak_exporter
