#include "metrics/cpython/measure_python.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <unordered_map>
#include <utility>

#include "metrics/base/accumulate.h"
#include "metrics/cpython/heap/arena_usage.h"
#include "metrics/cpython/heap/stopped_copy.h"
#include "metrics/cpython/repr/repr.h"
#include "metrics/cpython/runtime/interpreter.h"
#include "metrics/cpython/sizes/heap_measurer.h"
#include "metrics/cpython/sizes/untracked_counter.h"
#include "metrics/procfs/stat.h"
#include "metrics/remote/file_backed_memory.h"
#include "metrics/remote/overlaid_memory.h"
#include "metrics/remote/process_memory.h"
#include "metrics/remote/resident_ranges.h"

namespace leak_exporter::cpython {
namespace {

// Which program a process runs: these two change with every exec, where the
// kernel places programs at random; start and pid do not.
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

std::string TypeRepr(const Layout& layout, const TypeInfo& type,
                     const std::string& name) {
  const bool is_type =
      layout.version.major == 2 && !type.Has(type_flags::kHeapType);
  return (is_type ? "<type '" : "<class '") + name + "'>";
}

std::string NameOf(TypeTable& types, TypeIndex type) {
  return types.ReadName(type).value_or("(unknown)");
}

// Several types may have one name: classes made in a loop, or twice by a
// reload.
class UsageByName {
 public:
  explicit UsageByName(TypeTable& types) : types_(types) {}

  void Add(TypeIndex type, uint64_t objects, uint64_t bytes) {
    if (objects == 0) return;
    const std::string name = NameOf(types_, type);
    NamedUsage& usage = by_name_[name];
    if (usage.objects == 0) {
      usage.name = name;
      usage.type_repr = TypeRepr(types_.layout(), types_[type], name);
    }
    usage.objects += objects;
    usage.bytes += bytes;
  }

  std::vector<NamedUsage> Take() {
    std::vector<NamedUsage> usages;
    usages.reserve(by_name_.size());
    for (auto& [name, usage] : by_name_) usages.push_back(std::move(usage));
    std::sort(usages.begin(), usages.end(),
              [](const NamedUsage& a, const NamedUsage& b) {
                return a.objects != b.objects ? a.objects > b.objects
                                              : a.name < b.name;
              });
    return usages;
  }

 private:
  TypeTable& types_;
  std::unordered_map<std::string, NamedUsage> by_name_;
};

std::vector<NamedUsage> NameTypes(TypeTable& types,
                                  const std::vector<TypeUsage>& sums) {
  UsageByName by_name(types);
  for (TypeIndex i = 0; i < sums.size(); ++i) {
    by_name.Add(i, sums[i].objects, sums[i].bytes);
  }
  return by_name.Take();
}

std::vector<NamedUsage> NameUntracked(TypeTable& types,
                                      const UntrackedCounter& counter) {
  UsageByName by_name(types);
  for (const UntrackedUsage& usage : counter.usage()) {
    by_name.Add(usage.type, usage.objects, usage.bytes);
  }
  return by_name.Take();
}

// Each interpreter has built-in types of its own only as far as they are heap
// types; the main one's modules name them.
std::vector<TypeIndex> UntrackedTypes(TypeTable& types,
                                      const PythonRuntime& runtime) {
  if (runtime.interpreters.empty()) return {};
  return FindUntrackedTypes(types, runtime.interpreters.front().modules);
}

std::vector<RankedRow> Describe(TypeTable& types, const TopObjects& top,
                                bool values) {
  ReprPrinter printer(types);
  std::vector<RankedRow> rows;
  for (const RankedObject& object : top.objects()) {
    std::string type_repr = TypeRepr(types.layout(), types[object.type],
                                     NameOf(types, object.type));
    std::string repr = values ? printer.Print(object.address) : type_repr;
    rows.push_back({object.number, std::move(type_repr), std::move(repr)});
  }
  return rows;
}

// Sums of interpreters are absent where one of them is.
Result<void> ReadInterpreterState(const RemoteMemory& memory,
                                  const PythonRuntime& runtime,
                                  PythonMeasurement& measurement) {
  for (const Interpreter& interpreter : runtime.interpreters) {
    const auto statistics =
        ReadGcStatistics(memory, runtime.layout, interpreter);
    if (!statistics) return tl::unexpected<Error>(statistics.error());
    if (*statistics) AddEach(**statistics, measurement.generations);
    const auto counts = ReadGcCounts(memory, runtime.layout, interpreter);
    if (!counts) return tl::unexpected<Error>(counts.error());
    AddEach(*counts, measurement.gc_counts);
    const auto modules = ReadModuleCount(memory, runtime.layout, interpreter);
    if (!modules) return tl::unexpected<Error>(modules.error());
    AddTo(*modules, measurement.modules);
  }
  return {};
}

Result<PythonMeasurement> Measure(const RemoteMemory& memory,
                                  const PythonRuntime& runtime,
                                  const std::vector<AddressRange>& ranges,
                                  const MeasureOptions& options,
                                  const Clock& clock,
                                  const Deadline& deadline) {
  const auto start = clock.Now();
  PythonMeasurement measurement;
  measurement.version = runtime.layout.version;
  auto state = ReadInterpreterState(memory, runtime, measurement);
  if (!state) return tl::unexpected<Error>(state.error());
  auto arenas = ReadArenas(memory, runtime);
  if (!arenas) return tl::unexpected<Error>(arenas.error());
  const bool has_arenas = *arenas && !(*arenas)->empty();

  TypeTable types(memory, runtime.layout);
  HeapMeasurer measurer(types, options.ranking);
  ArenaMeter meter(runtime.layout,
                   has_arenas ? **std::move(arenas) : std::vector<Arena>());
  UntrackedCounter untracked(types, UntrackedTypes(types, runtime));
  HeapVisitors visitors({&measurer, &meter, &untracked});
  auto walk = WalkHeap(memory, runtime, ranges, types, visitors, options.limits,
                       deadline);
  if (!walk) return tl::unexpected<Error>(walk.error());
  measurement.walk = *std::move(walk);
  measurer.Finish();
  if (has_arenas && measurement.walk.incomplete.empty()) {
    measurement.arenas = {meter.arena_bytes(), meter.used_bytes()};
  }
  measurement.types = NameTypes(types, measurer.usage());
  measurement.untracked = NameUntracked(types, untracked);
  measurement.by_references =
      Describe(types, measurer.by_references(), options.values);
  measurement.by_bytes = Describe(types, measurer.by_bytes(), options.values);
  measurement.walk_seconds =
      std::chrono::duration<double>(clock.Now() - start).count();
  return measurement;
}

Result<PythonMeasurement> MeasureStopped(const procfs::ProcessHandle& process,
                                         const RemoteMemory& memory,
                                         const PythonRuntime& runtime,
                                         const MeasureOptions& options,
                                         const Clock& clock,
                                         const Deadline& deadline) {
  const auto copy = CopyStopped(process, memory, runtime, options.stopped_copy,
                                clock, deadline);
  if (!copy) return tl::unexpected<Error>(copy.error());
  const OverlaidMemory overlaid(copy->image, memory);
  // Interpreters may have come and gone before it stopped.
  const auto now = FindPython(process, copy->regions, overlaid);
  if (!now) return tl::unexpected<Error>(now.error());
  if (!*now) return Failure(ESRCH, process.Path("exe") + ": no CPython now");
  std::vector<AddressRange> copied;
  for (const MemorySegment& segment : copy->image.segments()) {
    copied.push_back({segment.address, segment.address + segment.bytes.size()});
  }
  auto measurement =
      Measure(overlaid, **now, Intersection(HeapRanges(copy->regions), copied),
              options, clock, deadline);
  if (measurement) {
    measurement->paused_seconds =
        std::chrono::duration<double>(copy->paused).count();
  }
  return measurement;
}

Result<std::optional<PythonMeasurement>> TryMeasure(
    const procfs::ProcessHandle& process, const MeasureOptions& options,
    const Clock& clock, const Deadline& deadline) {
  std::string buffer;
  const auto program = ReadProgramId(process, buffer);
  if (!program) return tl::unexpected<Error>(program.error());
  const auto regions = ReadMemoryMap(process, buffer, deadline);
  if (!regions) return tl::unexpected<Error>(regions.error());
  const ProcessMemory live(process.pid());
  const FileBackedMemory memory(process, *regions, live);
  const auto runtime = FindPython(process, *regions, memory);
  if (!runtime) return tl::unexpected<Error>(runtime.error());
  if (!*runtime) return std::optional<PythonMeasurement>();

  auto measurement =
      options.freeze
          ? MeasureStopped(process, memory, **runtime, options, clock, deadline)
          : Measure(memory, **runtime,
                    ResidentRanges(process, HeapRanges(*regions)), options,
                    clock, deadline);
  // What was read by pid is this process's only if it still is there, and runs
  // what it ran.
  const auto program_now = ReadProgramId(process, buffer);
  if (!program_now) return tl::unexpected<Error>(program_now.error());
  if (*program_now != *program) {
    return Failure(ESRCH, process.Path("exe") +
                              ": became another program while it was read");
  }
  if (!measurement) return tl::unexpected<Error>(measurement.error());
  return std::optional<PythonMeasurement>(*std::move(measurement));
}

}  // namespace

Result<std::optional<PythonMeasurement>> MeasurePython(
    const procfs::ProcessHandle& process, const MeasureOptions& options,
    const Clock& clock, const Deadline& deadline) {
  auto measurement = TryMeasure(process, options, clock, deadline);
  if (!measurement && IsPermission(measurement.error())) {
    measurement.error().message +=
        " (reading a Python heap takes CAP_SYS_PTRACE, or the target's uid "
        "where kernel.yama.ptrace_scope is 0)";
  }
  return measurement;
}

}  // namespace leak_exporter::cpython
