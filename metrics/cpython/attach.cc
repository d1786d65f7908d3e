#include "metrics/cpython/attach.h"

#include <cerrno>
#include <cstdint>
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

Result<void> UseStoppedCopy(const procfs::ProcessHandle& process,
                            const RemoteMemory& memory,
                            const PythonRuntime& runtime,
                            const AttachOptions& options, const Clock& clock,
                            const Deadline& deadline, const PythonUser& use) {
  const auto copy = CopyStopped(process, memory, runtime, options.stopped_copy,
                                clock, deadline);
  if (!copy) return tl::unexpected<Error>(copy.error());
  const OverlaidMemory overlaid(copy->image, memory);
  // Interpreters may have come and gone before the process stopped.
  const auto now = FindPython(process, copy->map, overlaid, deadline);
  if (!now) return tl::unexpected<Error>(now.error());
  if (!*now) return Failure(ESRCH, process.Path("exe") + ": no CPython now");
  const std::vector<AddressRange> ranges = CopiedHeapRanges(*copy);
  return use({overlaid, **now, ranges, copy->paused});
}

// False where there is no CPython.
Result<bool> FindAndUse(const procfs::ProcessHandle& process,
                        const AttachOptions& options, const Clock& clock,
                        const Deadline& deadline, const PythonUser& use) {
  std::string buffer;
  const auto program = ReadProgramId(process, buffer);
  if (!program) return tl::unexpected<Error>(program.error());
  const auto map = MemoryMap::Read(process, buffer, deadline);
  if (!map) return tl::unexpected<Error>(map.error());
  const ProcessMemory live(process.pid());
  const FileBackedMemory memory(process, *map, live);
  const auto runtime = FindPython(process, *map, memory, deadline);
  if (!runtime) return tl::unexpected<Error>(runtime.error());
  if (!*runtime) return false;

  Result<void> used;
  if (options.freeze) {
    used = UseStoppedCopy(process, memory, **runtime, options, clock, deadline,
                          use);
  } else {
    const auto ranges = ResidentRanges(process, HeapRanges(*map));
    used = use({memory, **runtime, ranges, {}});
  }
  // What was read by pid is this process's only if the process still exists and
  // runs the same program.
  const auto program_now = ReadProgramId(process, buffer);
  if (!program_now) return tl::unexpected<Error>(program_now.error());
  if (*program_now != *program) {
    return Failure(ESRCH, process.Path("exe") +
                              ": became another program while it was read");
  }
  if (!used) return tl::unexpected<Error>(used.error());
  return true;
}

}  // namespace

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
