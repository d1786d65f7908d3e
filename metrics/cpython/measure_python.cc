#include "metrics/cpython/measure_python.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "metrics/base/accumulate.h"
#include "metrics/cpython/heap/arena_usage.h"
#include "metrics/cpython/heap/tracked_object.h"
#include "metrics/cpython/repr/repr.h"
#include "metrics/cpython/runtime/interpreter.h"
#include "metrics/cpython/sizes/heap_measurer.h"
#include "metrics/cpython/sizes/untracked_counter.h"

namespace leak_exporter::cpython {
namespace {

// Real programs have a few thousand, of 30 bytes each.
constexpr size_t kMostNames = 8192;
constexpr size_t kMostNameBytes = size_t{1} << 19;

std::string TypeRepr(const Layout& layout, const TypeInfo& type,
                     const std::string& name) {
  const bool is_type = layout.python2 && !type.Has(type_flags::kHeapType);
  return (is_type ? "<type '" : "<class '") + name + "'>";
}

std::string NameOf(TypeTable& types, TypeIndex type) {
  return types.ReadName(type).value_or("(unknown)");
}

// Types by number of objects, the largest first, so that these have names
// whatever the others do.
template <typename Sum>
std::vector<size_t> MostObjectsFirst(const std::vector<Sum>& sums) {
  std::vector<size_t> order(sums.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater(),
                           [&](size_t i) { return sums[i].objects; });
  return order;
}

// Adds up types by name. Several may have one name: classes made in a loop, or
// made again by a reload. Where there are too many names or too long ones, or
// no time to read more, the rest has no names.
class UsageByName {
 public:
  UsageByName(TypeTable& types, const Deadline& deadline)
      : types_(types), deadline_(deadline) {}

  void Add(TypeIndex type, uint64_t objects, std::optional<uint64_t> bytes) {
    if (objects == 0) return;
    UsageOfName& usage = Find(type);
    if (usage.objects == 0) usage.bytes = 0;
    usage.objects += objects;
    AddKnown(bytes, usage.bytes);
  }

  /// Whether there was no time to read each name.
  bool late() const { return late_; }

  std::vector<NamedUsage> Take() {
    std::vector<NamedUsage> usages;
    usages.reserve(by_name_.size() + 1);
    while (!by_name_.empty()) {
      auto node = by_name_.extract(by_name_.begin());
      const UsageOfName& usage = node.mapped();
      std::string repr =
          TypeRepr(types_.layout(), types_[usage.type], node.key());
      usages.push_back(
          {std::move(node.key()), std::move(repr), usage.objects, usage.bytes});
    }
    if (rest_.objects > 0) {
      usages.push_back({kRest, kRest, rest_.objects, rest_.bytes});
    }
    std::ranges::sort(usages, [](const NamedUsage& a, const NamedUsage& b) {
      return a.objects != b.objects ? a.objects > b.objects : a.name < b.name;
    });
    return usages;
  }

 private:
  struct UsageOfName {
    TypeIndex type = kNoType;
    uint64_t objects = 0;
    std::optional<uint64_t> bytes;
  };

  static constexpr const char* kRest = "(other)";

  UsageOfName& Find(TypeIndex type) {
    late_ = late_ || deadline_.Expired();
    if (no_room_ || late_) return rest_;
    std::string name = NameOf(types_, type);
    const auto known = by_name_.find(name);
    if (known != by_name_.end()) return known->second;
    name_bytes_ += name.size();
    no_room_ = by_name_.size() == kMostNames || name_bytes_ > kMostNameBytes;
    if (no_room_) return rest_;
    return by_name_.emplace(std::move(name), UsageOfName{type, 0, {}})
        .first->second;
  }

  TypeTable& types_;
  const Deadline& deadline_;
  std::unordered_map<std::string, UsageOfName> by_name_;
  size_t name_bytes_ = 0;
  bool no_room_ = false;
  bool late_ = false;
  UsageOfName rest_;
};

// Names what was counted, or says that there was no time for it.
void NameTypes(TypeTable& types, const HeapMeasurer& measurer,
               const UntrackedCounter& untracked, const Deadline& deadline,
               PythonMeasurement& measurement) {
  UsageByName untracked_by_name(types, deadline);
  for (const UntrackedUsage& usage : untracked.usage()) {
    untracked_by_name.Add(usage.type, usage.objects, usage.bytes);
  }
  UsageByName by_name(types, deadline);
  const std::vector<TypeUsage>& sums = measurer.usage();
  for (const size_t i : MostObjectsFirst(sums)) {
    by_name.Add(
        static_cast<TypeIndex>(i), sums[i].objects,
        sums[i].bytes_known ? std::optional(sums[i].bytes) : std::nullopt);
  }
  if (by_name.late() && measurement.walk.incomplete.empty()) {
    measurement.walk.incomplete = "no time to read the names of types";
  }
  measurement.types = by_name.Take();
  measurement.untracked = untracked_by_name.Take();
}

// Interpreters share the static built-in types. Heap types each has on its own;
// the modules of the main one name its types.
std::vector<TypeIndex> UntrackedTypes(TypeTable& types,
                                      const PythonRuntime& runtime) {
  // A free-threaded build's reference counts are others.
  if (runtime.interpreters.empty() || runtime.layout.free_threaded) return {};
  return FindUntrackedTypes(types, runtime.interpreters.front().modules);
}

// Leaves out what is gone when it is looked at again: its numbers may be those
// of freed memory.
std::vector<RankedRow> Describe(TypeTable& types, const TopObjects& top,
                                const MeasureOptions& options) {
  ReprPrinter printer(types);
  std::vector<RankedRow> rows;
  for (const RankedObject& object : top.objects()) {
    if (rows.size() == options.ranking) break;
    if (!IsTrackedObject(types.memory(), types.layout(), object.address,
                         types[object.type].address)) {
      continue;
    }
    std::string type_repr = TypeRepr(types.layout(), types[object.type],
                                     NameOf(types, object.type));
    std::string repr =
        options.values ? printer.Print(object.address) : type_repr;
    rows.push_back({object.number, std::move(type_repr), std::move(repr)});
  }
  return rows;
}

// Sums up the interpreters. A sum is absent where the number of one of them is.
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

}  // namespace

Result<PythonMeasurement> MeasureAttached(
    const AttachedPython& python, TypeTable& types,
    std::span<HeapVisitor* const> extra_visitors, const MeasureOptions& options,
    const Clock& clock, const Deadline& deadline) {
  const auto start = clock.Now();
  PythonMeasurement measurement;
  measurement.version = python.layout().version;
  measurement.interpreters = python.runtime.interpreters.size();
  if (python.layout().free_threaded) {
    measurement.unknown_sizes =
        "sizes and references in a free-threaded CPython are not known";
  }
  measurement.paused_seconds =
      std::chrono::duration<double>(python.paused).count();
  auto state = ReadInterpreterState(python.memory, python.runtime, measurement);
  if (!state) return tl::unexpected<Error>(state.error());
  auto arenas = ReadArenas(python.memory, python.runtime);
  if (!arenas) return tl::unexpected<Error>(arenas.error());
  const bool has_arenas = *arenas && !(*arenas)->empty();

  // Twice as many as are shown: some are gone before they are described.
  HeapMeasurer measurer(types, 2 * options.ranking);
  ArenaMeter meter(python.layout(),
                   has_arenas ? **std::move(arenas) : std::vector<Arena>());
  UntrackedCounter untracked(types, UntrackedTypes(types, python.runtime));
  std::vector<HeapVisitor*> all = {&measurer, &meter, &untracked};
  all.insert(all.end(), extra_visitors.begin(), extra_visitors.end());
  HeapVisitors visitors(std::move(all));
  auto walk = python.Walk(types, visitors, options.limits, deadline);
  if (!walk) return tl::unexpected<Error>(walk.error());
  measurement.walk = *std::move(walk);
  measurer.Finish();
  // Reads succeed for so long after the deadline; rankings need some, too.
  const Deadline naming = deadline.Later(kTimeForNames / 2);
  NameTypes(types, measurer, untracked, naming, measurement);
  measurement.by_references =
      Describe(types, measurer.by_references(), options);
  measurement.by_bytes = Describe(types, measurer.by_bytes(), options);
  auto missed = python.FindMissed();
  if (!missed) return tl::unexpected<Error>(missed.error());
  measurement.missed = *std::move(missed);
  if (has_arenas && measurement.whole()) {
    measurement.arenas = {meter.arena_bytes(), meter.used_bytes()};
  }
  measurement.walk_seconds =
      std::chrono::duration<double>(clock.Now() - start).count();
  return measurement;
}

Result<std::optional<PythonMeasurement>> MeasurePython(
    const procfs::ProcessHandle& process, const MeasureOptions& options,
    const Clock& clock, const Deadline& deadline) {
  return WithPython(process, options.attach, clock, deadline,
                    [&](const AttachedPython& python) {
                      TypeTable types(python.memory, python.layout());
                      return MeasureAttached(python, types, {}, options, clock,
                                             deadline);
                    });
}

}  // namespace leak_exporter::cpython
