#include "metrics/collectors/proportional_memory.h"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "metrics/base/accumulate.h"
#include "metrics/procfs/smaps_rollup.h"

namespace leak_exporter {
namespace {

// Reads the processes of one scope.
class ScopeReader {
 public:
  ScopeReader(const CollectorContext& context, uint64_t max_resident_bytes,
              std::string& buffer, ErrorTally& errors)
      : context_(context),
        max_resident_bytes_(max_resident_bytes),
        buffer_(buffer),
        errors_(errors) {}

  ProportionalMemory Read(const std::vector<ProcessSample>& processes) {
    ProportionalMemory sum;
    for (const ProcessSample& process : processes) {
      if (process.zombie() || !MayRead(process)) continue;
      // A sum over those there was time for would jump between discoveries.
      if (!InTime(process)) return {};
      const auto rollup = procfs::ReadSmapsRollup(*process.handle, buffer_);
      if (!rollup) {
        errors_.Add(rollup.error());
        failed_ = failed_ || !IsGone(rollup.error());
        continue;
      }
      AddTo(rollup->proportional_bytes, sum.proportional_bytes);
      AddTo(rollup->unique_bytes, sum.unique_bytes);
    }
    return sum;
  }

  // Whether a process was left out or could not be read.
  bool failed() const { return failed_; }

 private:
  bool MayRead(const ProcessSample& process) {
    const uint64_t resident = process.status.resident_bytes.value_or(0);
    if (resident > max_resident_bytes_) {
      return Fail(ErrorCause::kLimit, process,
                  "not read, RSS is " + std::to_string(resident) +
                      " bytes and smaps_max_resident " +
                      std::to_string(max_resident_bytes_));
    }
    if (process.status.state == 'D') {
      return Fail(ErrorCause::kTimeout, process,
                  "not read, the process is in state D");
    }
    return true;
  }

  bool InTime(const ProcessSample& process) {
    return !context_.deadline.Expired() ||
           Fail(ErrorCause::kTimeout, process, "not read in time");
  }

  bool Fail(ErrorCause cause, const ProcessSample& process,
            const std::string& why) {
    failed_ = true;
    errors_.Add(cause, process.handle->Path("smaps_rollup") + ": " + why);
    return false;
  }

  const CollectorContext& context_;
  const uint64_t max_resident_bytes_;
  std::string& buffer_;
  ErrorTally& errors_;
  bool failed_ = false;
};

// To miss the file looks like a vanished process. It is there since kernel
// 4.14, where CONFIG_PROC_PAGE_MONITOR is set.
bool HasFile(const procfs::ProcFs& fs, ErrorTally& errors) {
  const std::string path = fs.Path("self/smaps_rollup");
  if (::access(path.c_str(), F_OK) == 0) return true;
  const int code = errno;
  if (code == ENOENT) {
    errors.Add(ErrorCause::kIo, path + ": this kernel does not have it");
  } else {
    errors.Add({code, path + ": " + std::strerror(code)});
  }
  return false;
}

}  // namespace

bool ProportionalMemoryCollector::Collect(const CollectorContext& context,
                                          TargetSnapshot& snapshot,
                                          ErrorTally& errors) {
  ScopeReader reader(context, config_.smaps_max_resident_bytes, context.buffer,
                     errors);
  auto memory = std::make_shared<ProportionalMemorySnapshot>();
  memory->usage.main = reader.Read(context.tree.main);
  memory->usage.children = reader.Read(context.tree.descendants);
  const bool any = memory->usage.main.proportional_bytes ||
                   memory->usage.children.proportional_bytes;
  if (!any && (reader.failed() || !HasFile(context.proc_fs, errors))) {
    return false;
  }
  snapshot.proportional_memory = std::move(memory);
  return true;
}

}  // namespace leak_exporter
