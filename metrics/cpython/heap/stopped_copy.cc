#include "metrics/cpython/heap/stopped_copy.h"

#include <time.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "metrics/cpython/runtime/gc_statistics.h"
#include "metrics/remote/ptrace_stop.h"
#include "metrics/remote/resident_ranges.h"

namespace leak_exporter::cpython {
namespace {

constexpr size_t kPieceBytes = size_t{16} << 20;
constexpr size_t kPageBytes = 4096;
// By how many bytes a range may grow before its copy has to be moved.
constexpr size_t kSlackBytes = size_t{1} << 20;

// The heap, and the variables of programs and libraries.
std::vector<AddressRange> WritableRanges(const MemoryMap& map) {
  std::vector<AddressRange> ranges;
  for (const procfs::Mapping& mapping : map.mappings()) {
    if (mapping.readable && mapping.writable && !mapping.shared) {
      ranges.push_back(RangeOf(mapping));
    }
  }
  return ranges;
}

/// Copies the memory of a process, in one attempt or several.
class Copier {
 public:
  Copier(const procfs::ProcessHandle& process, const RemoteMemory& memory,
         const StoppedCopyLimits& limits, const Clock& clock,
         const Deadline& deadline)
      : process_(process),
        memory_(memory),
        limits_(limits),
        clock_(clock),
        deadline_(deadline) {}

  /// Allocates memory for what is there now, so that no page has to be
  /// allocated while the process is stopped.
  Result<void> Prepare() {
    auto ranges = ReadRanges(deadline_);
    if (!ranges) return tl::unexpected<Error>(ranges.error());
    for (const AddressRange& range : *ranges) {
      MemorySegment segment{range.begin, {}};
      segment.bytes.reserve(static_cast<size_t>(range.size()) + kSlackBytes);
      segment.bytes.resize(static_cast<size_t>(range.size()));
      prepared_.push_back(std::move(segment));
    }
    return {};
  }

  /// Absent where a collection was running.
  Result<std::optional<StoppedCopy>> Copy(const PythonRuntime& runtime) {
    const auto start = clock_.Now();
    const Deadline pause(
        clock_,
        std::min(deadline_.at(), Deadline::After(clock_, limits_.pause).at()));
    std::vector<MemorySegment> segments;
    {
      const auto stop = PtraceStop::Stop(process_, pause);
      if (!stop) return tl::unexpected<Error>(stop.error());
      for (const Interpreter& interpreter : runtime.interpreters) {
        const auto collecting = ReadCollecting(memory_, interpreter);
        if (!collecting) return tl::unexpected<Error>(collecting.error());
        if (collecting->value_or(false)) return std::optional<StoppedCopy>();
      }
      const auto ranges = ReadRanges(pause);
      if (!ranges) return tl::unexpected<Error>(ranges.error());
      for (const AddressRange& range : *ranges) {
        auto copied = CopyRange(range, pause, segments);
        if (!copied) return tl::unexpected<Error>(copied.error());
      }
    }
    const auto paused = clock_.Now() - start;
    auto image = ImageMemory::FromSegments(std::move(segments));
    if (!image) return tl::unexpected<Error>(image.error());
    return StoppedCopy{*std::move(image), std::move(map_), paused};
  }

 private:
  Result<std::vector<AddressRange>> ReadRanges(const Deadline& deadline) {
    auto map = MemoryMap::Read(process_, buffer_, deadline);
    if (!map) return tl::unexpected<Error>(map.error());
    map_ = *std::move(map);
    auto resident = ResidentRanges(process_, WritableRanges(map_), deadline);
    if (!resident.incomplete.empty()) {
      return Failure(deadline.Expired() ? ETIMEDOUT : ENOMEM,
                     process_.Path("pagemap") + ": " + resident.incomplete);
    }
    uint64_t bytes = 0;
    for (const AddressRange& range : resident.ranges) bytes += range.size();
    if (bytes > limits_.bytes) {
      return Failure(ENOMEM, process_.Path("mem") + ": " +
                                 std::to_string(bytes) +
                                 " bytes, too much to copy");
    }
    return std::move(resident.ranges);
  }

  MemorySegment TakePrepared(const AddressRange& range) {
    const auto found =
        std::find_if(prepared_.begin(), prepared_.end(),
                     [&](const auto& s) { return s.address == range.begin; });
    MemorySegment segment{range.begin, {}};
    if (found != prepared_.end()) segment = std::move(*found);
    segment.address = range.begin;
    segment.bytes.resize(static_cast<size_t>(range.size()));
    return segment;
  }

  // Pages that cannot be read are left out: what is around them becomes
  // segments of their own.
  Result<void> CopyRange(const AddressRange& range, const Deadline& pause,
                         std::vector<MemorySegment>& segments) {
    MemorySegment segment = TakePrepared(range);
    while (segment.address < range.end) {
      auto filled = Fill(segment, range.end, pause);
      if (!filled) return filled;
      const RemoteAddr hole = segment.address + segment.bytes.size();
      if (!segment.bytes.empty()) segments.push_back(std::move(segment));
      segment = {hole + kPageBytes, {}};
    }
    return {};
  }

  // Copies up to `end`, or to the first page that cannot be read.
  Result<void> Fill(MemorySegment& segment, RemoteAddr end,
                    const Deadline& pause) {
    const auto wanted =
        static_cast<size_t>(Value(end) - Value(segment.address));
    size_t done = 0;
    bool readable = true;
    while (done < wanted && readable) {
      if (pause.Expired()) {
        return Failure(ETIMEDOUT,
                       process_.Path("mem") + ": not copied within the pause");
      }
      const size_t size = std::min(kPieceBytes, wanted - done);
      if (segment.bytes.size() < done + size) segment.bytes.resize(done + size);
      const auto got = memory_.ReadSome(
          segment.address + done, std::span(segment.bytes).subspan(done, size));
      if (!got && got.error().code != EFAULT) {
        return tl::unexpected<Error>(got.error());
      }
      // A read may end early for a reason that does not last.
      done += got ? *got : 0;
      readable = got.has_value();
    }
    segment.bytes.resize(done);
    return {};
  }

  const procfs::ProcessHandle& process_;
  const RemoteMemory& memory_;
  const StoppedCopyLimits& limits_;
  const Clock& clock_;
  const Deadline& deadline_;
  std::string buffer_;
  MemoryMap map_;
  std::vector<MemorySegment> prepared_;
};

}  // namespace

Result<StoppedCopy> CopyStopped(const procfs::ProcessHandle& process,
                                const RemoteMemory& memory,
                                const PythonRuntime& runtime,
                                const StoppedCopyLimits& limits,
                                const Clock& clock, const Deadline& deadline) {
  Copier copier(process, memory, limits, clock, deadline);
  auto prepared = copier.Prepare();
  if (!prepared) return tl::unexpected<Error>(prepared.error());
  for (int attempt = 0; attempt < limits.attempts; ++attempt) {
    auto copy = copier.Copy(runtime);
    if (!copy) return tl::unexpected<Error>(copy.error());
    if (*copy) return **std::move(copy);
    if (deadline.Expired()) break;
    // The collection gets time to end.
    constexpr timespec kBetween = {0, 2'000'000};
    ::nanosleep(&kBetween, nullptr);
  }
  return Failure(ETIMEDOUT,
                 process.Path("mem") + ": always within a collection");
}

}  // namespace leak_exporter::cpython
