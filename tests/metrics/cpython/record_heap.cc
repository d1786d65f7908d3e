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
#include "metrics/cpython/heap/heap_walk.h"
#include "metrics/cpython/heap/type_counter.h"
#include "metrics/cpython/runtime/gc_list_walker.h"
#include "metrics/cpython/runtime/gc_statistics.h"
#include "metrics/cpython/sizes/heap_measurer.h"
#include "metrics/remote/process_memory.h"
#include "metrics/remote/resident_ranges.h"
#include "tests/metrics/cpython/recorded_heap.h"
#include "tests/metrics/remote/recording_memory.h"

namespace leak_exporter::cpython {
namespace {

int Fail(const Error& error) {
  std::cerr << error.message << '\n';
  return 1;
}

// The piece of that size that has most objects.
Result<std::vector<AddressRange>> Cut(const RemoteMemory& memory,
                                      const PythonRuntime& runtime,
                                      const std::vector<AddressRange>& ranges,
                                      uint64_t bytes,
                                      const Deadline& deadline) {
  std::vector<AddressRange> best;
  uint64_t most = 0;
  for (const AddressRange& range : ranges) {
    for (RemoteAddr at = range.begin; at < range.end; at = at + bytes) {
      const std::vector<AddressRange> piece = {
          {at, std::min(at + bytes, range.end)}};
      TypeTable types(memory, runtime.layout);
      TypeCounter counter;
      const auto walk = WalkHeap(memory, runtime, piece, types, counter,
                                 HeapWalkLimits(), deadline);
      if (!walk) return tl::unexpected<Error>(walk.error());
      if (walk->scan.objects < most) continue;
      most = walk->scan.objects;
      best = piece;
    }
  }
  return best;
}

int Record(pid_t pid, const std::string& path, uint64_t bytes) {
  const SystemClock clock;
  const Deadline deadline = Deadline::After(clock, std::chrono::minutes(1));
  const auto process = procfs::ProcessHandle::Open(procfs::ProcFs(), pid);
  if (!process) return Fail(process.error());
  std::string buffer;
  const auto regions = ReadMemoryMap(*process, buffer, deadline);
  if (!regions) return Fail(regions.error());
  const ProcessMemory live(pid);
  const auto found = FindPython(*process, *regions, live);
  if (!found) return Fail(found.error());
  if (!*found) return Fail({0, "not a CPython"});
  PythonRuntime runtime = **found;
  const Interpreter& interpreter = runtime.interpreters.front();
  const Layout& layout = runtime.layout;

  const RecordingMemory memory(live);
  auto ranges = ResidentRanges(*process, HeapRanges(*regions));
  if (bytes > 0) {
    auto piece = Cut(live, runtime, ranges, bytes, deadline);
    if (!piece) return Fail(piece.error());
    ranges = *std::move(piece);
  }
  const RemoteAddr gc =
      interpreter.gc.generations.empty()
          ? RemoteAddr{}
          : interpreter.gc.generations.front() - layout.gc.generations;
  if (gc != RemoteAddr{}) {
    const auto heads = FindGenerations(memory, layout, gc);
    if (!heads) return Fail(heads.error());
  }
  const auto statistics = ReadGcStatistics(memory, layout, interpreter);
  const auto modules = ReadModuleCount(memory, layout, interpreter);
  if (!statistics || !modules) return Fail({0, "no statistics"});
  TypeTable types(memory, layout);
  HeapMeasurer measurer(types, 10);
  const auto walk = WalkHeap(memory, runtime, ranges, types, measurer,
                             HeapWalkLimits(), deadline);
  if (!walk) return Fail(walk.error());
  measurer.Finish();
  for (TypeIndex i = 0; i < measurer.usage().size(); ++i) {
    if (measurer.usage()[i].objects > 0) (void)types.ReadName(i);
  }
  auto image = memory.Recorded();
  if (!image) return Fail(image.error());

  runtime.interpreters.resize(1);
  RecordedHeap heap{std::move(runtime), gc, ranges, {}, *std::move(image)};
  std::string line;
  while (std::getline(std::cin, line)) {
    const size_t tab = line.find('\t');
    if (tab == std::string::npos) continue;
    heap.expected[line.substr(tab + 1)] += std::stoull(line);
  }
  std::ofstream(path, std::ios::binary) << heap.Serialize();
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
