#include "metrics/cpython/heap/heap_walk.h"

#include <algorithm>
#include <vector>

#include "metrics/cpython/runtime/gc_list_walker.h"

namespace leak_exporter::cpython {
namespace {

// Whether each interpreter has a list of what gc.freeze() put aside.
// Free-threaded builds mark the objects themselves.
bool HasPermanentLists(const PythonRuntime& runtime) {
  return runtime.layout.gc_scheme != GcScheme::kBits &&
         std::all_of(runtime.interpreters.begin(), runtime.interpreters.end(),
                     [](const Interpreter& interpreter) {
                       return interpreter.gc.permanent_generation.has_value();
                     });
}

// Ascending addresses of all objects in permanent generations.
Result<std::vector<RemoteAddr>> ReadPermanent(const RemoteMemory& memory,
                                              const PythonRuntime& runtime,
                                              size_t limit,
                                              const Deadline& deadline,
                                              std::string& incomplete) {
  std::vector<RemoteAddr> objects;
  for (const Interpreter& interpreter : runtime.interpreters) {
    if (!interpreter.gc.permanent_generation ||
        runtime.layout.gc_scheme == GcScheme::kBits) {
      continue;
    }
    auto walk =
        WalkGcList(memory, runtime.layout, *interpreter.gc.permanent_generation,
                   limit - objects.size(), deadline);
    if (!walk) return tl::unexpected<Error>(walk.error());
    if (!walk->whole) {
      incomplete = "the permanent generation is torn or too long";
    }
    if (objects.empty()) {
      objects = std::move(walk->objects);
    } else {
      objects.insert(objects.end(), walk->objects.begin(), walk->objects.end());
    }
  }
  std::sort(objects.begin(), objects.end());
  return objects;
}

// The tables of static types in an interpreter's state hold words that look
// like objects: a reference count of 1 between pointers and a type.
std::vector<AddressRange> WithoutInterpreters(
    std::span<const AddressRange> ranges, const PythonRuntime& runtime) {
  std::vector<AddressRange> left(ranges.begin(), ranges.end());
  if (runtime.layout.interpreter.size == kAbsent) return left;
  constexpr uint64_t kLargestAlignment = 16;
  const uint64_t size = runtime.layout.interpreter.size;
  for (const Interpreter& interpreter : runtime.interpreters) {
    // Each range has to begin at a multiple of the alignment.
    const RemoteAddr end{(Value(interpreter.address) + size) /
                         kLargestAlignment * kLargestAlignment};
    left = Without(left, {interpreter.address, end});
  }
  return left;
}

}  // namespace

Result<HeapWalk> WalkHeap(const RemoteMemory& memory,
                          const PythonRuntime& runtime,
                          std::span<const AddressRange> ranges,
                          TypeTable& types, HeapVisitor& visitor,
                          const HeapWalkLimits& limits,
                          const Deadline& deadline) {
  HeapWalk walk;
  const auto permanent = ReadPermanent(
      memory, runtime, limits.permanent_objects, deadline, walk.incomplete);
  if (!permanent) return tl::unexpected<Error>(permanent.error());
  // A part of them says nothing.
  if (HasPermanentLists(runtime) && walk.incomplete.empty()) {
    walk.permanent_objects = permanent->size();
  }
  HeapScanner scanner(memory, types, limits.scan);
  auto scan = scanner.Scan(WithoutInterpreters(ranges, runtime), *permanent,
                           visitor, deadline);
  if (!scan) return tl::unexpected<Error>(scan.error());
  walk.scan = *std::move(scan);
  if (!walk.scan.cut_short.empty()) walk.incomplete = walk.scan.cut_short;
  return walk;
}

}  // namespace leak_exporter::cpython
