#include "metrics/cpython/attach.h"

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "metrics/cpython/runtime/find_python.h"
#include "metrics/procfs/stat.h"
#include "metrics/remote/file_backed_memory.h"
#include "metrics/remote/overlaid_memory.h"
#include "metrics/remote/process_memory.h"
#include "metrics/remote/resident_ranges.h"

namespace leak_exporter::cpython {
namespace {

// Tells which program a process runs. Both addresses change with every exec, as
// the kernel places programs at random; start time and pid do not.
struct ProgramId {
  uint64_t start_code = 0;
  uint64_t start_stack = 0;

  bool operator==(const ProgramId&) const = default;
};

Result<ProgramId> ReadProgramId(const procfs::ProcessHandle& process,
                                std::string& buffer) {
  const auto stat = procfs::ReadStat(process, buffer);
  if (!stat) return tl::unexpected<Error>(stat.error());
  return ProgramId{stat->start_code, stat->start_stack};
}

std::vector<AddressRange> CopiedHeapRanges(const StoppedCopy& copy) {
  std::vector<AddressRange> copied;
  for (const MemorySegment& segment : copy.image.segments()) {
    copied.push_back({segment.address, segment.address + segment.bytes.size()});
  }
  return Intersection(HeapRanges(copy.map), copied);
}

// One look at the memory of a process, on behalf of one call.
class Attachment {
 public:
  Attachment(const procfs::ProcessHandle& process, const AttachOptions& options,
             const Clock& clock, const Deadline& deadline)
      : process_(process),
        options_(options),
        clock_(clock),
        deadline_(deadline) {}

  /// False where there is no CPython.
  Result<bool> FindAndUse(const PythonUser& use) const {
    std::string buffer;
    const auto map = MemoryMap::Read(process_, buffer, deadline_);
    if (!map) return tl::unexpected<Error>(map.error());
    const ProcessMemory live(process_.pid());
    const FileBackedMemory file_backed(process_, *map, live);
    const GuardedMemory memory(file_backed, ReadableRanges(*map),
                               deadline_.Later(kTimeForNames));
    auto used = FindAndUse(*map, memory, use);
    // What only followed from that says less.
    if (memory.end() && (!used || memory.end()->code != ETIMEDOUT)) {
      return tl::unexpected<Error>(*memory.end());
    }
    return used;
  }

 private:
  Result<bool> FindAndUse(const MemoryMap& map, const GuardedMemory& memory,
                          const PythonUser& use) const {
    const auto runtime = FindPython(process_, map, memory, deadline_);
    if (!runtime) return tl::unexpected<Error>(runtime.error());
    if (!*runtime) return false;
    Result<void> used;
    if (options_.freeze) {
      used = UseStoppedCopy(memory, **runtime, use);
    } else {
      const auto resident =
          ResidentRanges(process_, HeapRanges(map), deadline_);
      used = use({memory,
                  memory,
                  ReadMapped(),
                  **runtime,
                  resident.ranges,
                  {},
                  resident.incomplete});
    }
    return used.map([] { return true; });
  }

  Result<void> UseStoppedCopy(const GuardedMemory& memory,
                              const PythonRuntime& runtime,
                              const PythonUser& use) const {
    const auto copy = CopyStopped(process_, memory, runtime,
                                  options_.stopped_copy, clock_, deadline_);
    if (!copy) return tl::unexpected<Error>(copy.error());
    const OverlaidMemory overlaid(copy->image, memory);
    // Interpreters may have come and gone before the process stopped.
    const auto now = FindPython(process_, copy->map, overlaid, deadline_);
    if (!now) return tl::unexpected<Error>(now.error());
    if (!*now) return Failure(ESRCH, process_.Path("exe") + ": no CPython now");
    const std::vector<AddressRange> ranges = CopiedHeapRanges(*copy);
    return use(
        {overlaid, memory, ReadMapped(), **now, ranges, copy->paused, ""});
  }

  MappedReader ReadMapped() const {
    return [this] {
      std::string buffer;
      return MemoryMap::Read(process_, buffer, deadline_.Later(kTimeForNames))
          .map([](const MemoryMap& map) { return ReadableRanges(map); });
    };
  }

  const procfs::ProcessHandle& process_;
  const AttachOptions& options_;
  const Clock& clock_;
  const Deadline& deadline_;
};

Result<bool> FindAndUse(const procfs::ProcessHandle& process,
                        const AttachOptions& options, const Clock& clock,
                        const Deadline& deadline, const PythonUser& use) {
  std::string buffer;
  const auto program = ReadProgramId(process, buffer);
  if (!program) return tl::unexpected<Error>(program.error());
  auto used = Attachment(process, options, clock, deadline).FindAndUse(use);
  // What was read by pid is this process's only if the process still exists and
  // runs the same program.
  const auto program_now = ReadProgramId(process, buffer);
  if (!program_now) return tl::unexpected<Error>(program_now.error());
  if (*program_now != *program) {
    return Failure(ESRCH, process.Path("exe") +
                              ": became another program while it was read");
  }
  return used;
}

}  // namespace

Result<std::optional<Error>> AttachedPython::FindMissed() const {
  if (guard.end() && guard.end()->code != ETIMEDOUT) {
    return tl::unexpected<Error>(*guard.end());
  }
  if (guard.end()) return guard.end();
  return guard.FindFailure(find_mapped);
}

Result<bool> UsePython(const procfs::ProcessHandle& process,
                       const AttachOptions& options, const Clock& clock,
                       const Deadline& deadline, const PythonUser& use) {
  auto used = FindAndUse(process, options, clock, deadline, use);
  if (!used && IsPermission(used.error())) {
    used.error().message +=
        " (reading a Python heap takes CAP_SYS_PTRACE, or the target's uid "
        "where kernel.yama.ptrace_scope is 0)";
  }
  return used;
}

}  // namespace leak_exporter::cpython
