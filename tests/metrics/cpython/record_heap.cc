// Writes a recorded heap (tests/metrics/cpython/recorded_heap.h) of a CPython
// that waits: what a walk with sizes reads of it.
// usage: record_heap PID FILE [BYTES]     at most BYTES of its heap
// Standard input: lines "COUNT TAB NAME", what it counted itself.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "metrics/base/clock.h"
#include "metrics/cpython/attach.h"
#include "metrics/cpython/heap/heap_walk.h"
#include "metrics/cpython/heap/type_counter.h"
#include "metrics/cpython/runtime/gc_list_walker.h"
#include "metrics/cpython/runtime/gc_statistics.h"
#include "metrics/cpython/sizes/heap_measurer.h"
#include "tests/metrics/cpython/recorded_heap.h"
#include "tests/metrics/remote/recording_memory.h"

namespace leak_exporter::cpython {
namespace {

int Fail(const Error& error) {
  std::cerr << error.message << '\n';
  return 1;
}

// The piece of that size that has most objects.
Result<std::vector<AddressRange>> Cut(const AttachedPython& python,
                                      uint64_t bytes,
                                      const Deadline& deadline) {
  std::vector<AddressRange> best;
  uint64_t most = 0;
  for (const AddressRange& range : python.ranges) {
    for (RemoteAddr at = range.begin; at < range.end; at = at + bytes) {
      const std::vector<AddressRange> piece = {
          {at, std::min(at + bytes, range.end)}};
      TypeTable types(python.memory, python.layout());
      TypeCounter counter;
      const auto walk = WalkHeap(python.memory, python.runtime, piece, types,
                                 counter, HeapWalkLimits(), deadline);
      if (!walk) return tl::unexpected<Error>(walk.error());
      if (walk->scan.objects < most) continue;
      most = walk->scan.objects;
      best = piece;
    }
  }
  return best;
}

// Reads what a recording is to hold of `memory`, which keeps it.
Result<void> ReadAll(const RemoteMemory& memory, const PythonRuntime& runtime,
                     RemoteAddr gc, const std::vector<AddressRange>& ranges,
                     const Deadline& deadline) {
  const Layout& layout = runtime.layout;
  const Interpreter& interpreter = runtime.interpreters.front();
  if (gc != RemoteAddr{}) {
    const auto heads = FindGenerations(memory, layout, gc);
    if (!heads) return tl::unexpected<Error>(heads.error());
  }
  const auto statistics = ReadGcStatistics(memory, layout, interpreter);
  const auto modules = ReadModuleCount(memory, layout, interpreter);
  if (!statistics || !modules) return Failure(0, "no statistics");
  TypeTable types(memory, layout);
  HeapMeasurer measurer(types, 10);
  const auto walk = WalkHeap(memory, runtime, ranges, types, measurer,
                             HeapWalkLimits(), deadline);
  if (!walk) return tl::unexpected<Error>(walk.error());
  measurer.Finish();
  for (TypeIndex i = 0; i < measurer.usage().size(); ++i) {
    if (measurer.usage()[i].objects > 0) (void)types.ReadName(i);
  }
  return {};
}

Result<RecordedHeap> Record(const AttachedPython& python, uint64_t bytes,
                            const Deadline& deadline) {
  PythonRuntime runtime = python.runtime;
  std::vector<AddressRange> ranges(python.ranges.begin(), python.ranges.end());
  if (bytes > 0) {
    auto piece = Cut(python, bytes, deadline);
    if (!piece) return tl::unexpected<Error>(piece.error());
    ranges = *std::move(piece);
  }
  const std::vector<RemoteAddr>& generations =
      runtime.interpreters.front().gc.generations;
  const RemoteAddr gc =
      generations.empty() ? RemoteAddr{}
                          : generations.front() - runtime.layout.gc.generations;
  const RecordingMemory memory(python.memory);
  auto read = ReadAll(memory, runtime, gc, ranges, deadline);
  if (!read) return tl::unexpected<Error>(read.error());
  auto image = memory.Recorded();
  if (!image) return tl::unexpected<Error>(image.error());
  runtime.interpreters.resize(1);
  return RecordedHeap{std::move(runtime), gc, ranges, {}, {},
                      *std::move(image)};
}

int Record(pid_t pid, const std::string& path, uint64_t bytes) {
  const SystemClock clock;
  const Deadline deadline = Deadline::After(clock, std::chrono::minutes(1));
  const auto process = procfs::ProcessHandle::Open(procfs::ProcFs(), pid);
  if (!process) return Fail(process.error());
  auto heap = WithPython(*process, {}, clock, deadline,
                         [&](const AttachedPython& python) {
                           return Record(python, bytes, deadline);
                         });
  if (!heap) return Fail(heap.error());
  if (!*heap) return Fail({0, "not a CPython"});
  std::string line;
  while (std::getline(std::cin, line)) {
    const size_t tab = line.find('\t');
    if (tab == std::string::npos) continue;
    (*heap)->expected[line.substr(tab + 1)] += std::stoull(line);
  }
  std::ofstream(path, std::ios::binary) << (*heap)->Serialize();
  return 0;
}

}  // namespace
}  // namespace leak_exporter::cpython

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::cerr << "usage: record_heap PID FILE [BYTES]\n";
    return 2;
  }
  return leak_exporter::cpython::Record(
      std::atoi(argv[1]), argv[2],
      argc == 4 ? std::strtoull(argv[3], nullptr, 10) : 0);
}
