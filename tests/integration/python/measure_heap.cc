// Walks and measures the heap of a CPython process, for comparison with what
// the process says itself, and for the time that it takes.
//
// usage: measure_heap PID [count]
// Lines: `type` TAB name TAB objects TAB bytes TAB references; `refs` or
// `bytes` TAB number TAB address. `count` only counts. Last, on standard error,
// the walk's own figures.

#include <time.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/base/clock.h"
#include "metrics/cpython/heap/heap_walk.h"
#include "metrics/cpython/heap/type_counter.h"
#include "metrics/cpython/repr/repr.h"
#include "metrics/cpython/sizes/heap_measurer.h"
#include "metrics/cpython/sizes/untracked_counter.h"
#include "metrics/remote/process_memory.h"

namespace leak_exporter::cpython {
namespace {

int Fail(const Error& error) {
  std::cerr << error.message << '\n';
  return 1;
}

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) * 1e-9;
}

void PrintRanking(std::string_view kind, const TopObjects& top,
                  TypeTable& types) {
  ReprPrinter repr(types);
  for (const RankedObject& object : top.objects())
    std::cout << kind << '\t' << object.number << '\t' << Value(object.address)
              << '\t' << repr.Print(types[object.type].address) << '\t'
              << repr.Print(object.address) << '\n';
}

int Measure(pid_t pid, bool only_count, bool with_untracked) {
  const SystemClock clock;
  const Deadline deadline = Deadline::After(clock, std::chrono::seconds(120));
  const auto process = procfs::ProcessHandle::Open(procfs::ProcFs(), pid);
  if (!process) return Fail(process.error());
  const ProcessMemory memory(pid);
  std::string buffer;
  const auto regions = ReadMemoryMap(*process, buffer, deadline);
  if (!regions) return Fail(regions.error());
  const auto runtime = FindPython(*process, *regions, memory);
  if (!runtime) return Fail(runtime.error());
  if (!*runtime) return Fail({0, "not a CPython"});

  const double start = CpuSeconds();
  TypeTable types(memory, (*runtime)->layout);
  HeapMeasurer measurer(types, 10);
  TypeCounter counter;
  UntrackedCounter untracked(
      types, with_untracked ? FindUntrackedTypes(
                                  types, (*runtime)->interpreters[0].modules)
                            : std::vector<TypeIndex>());
  HeapVisitors both({&measurer, &untracked});
  HeapVisitor& visitor = only_count ? static_cast<HeapVisitor&>(counter)
                                    : static_cast<HeapVisitor&>(both);
  const auto walk = WalkHeap(memory, **runtime, HeapRanges(*regions), types,
                             visitor, HeapWalkLimits(), deadline);
  if (!walk) return Fail(walk.error());
  measurer.Finish();
  const double seconds = CpuSeconds() - start;

  for (TypeIndex i = 0; i < measurer.usage().size(); ++i) {
    const TypeUsage& usage = measurer.usage()[i];
    if (usage.objects == 0) continue;
    std::cout << "type\t" << types.ReadName(i).value_or("?") << '\t'
              << usage.objects << '\t' << usage.bytes << '\t'
              << usage.references << '\n';
  }
  PrintRanking("refs", measurer.by_references(), types);
  PrintRanking("bytes", measurer.by_bytes(), types);
  for (const UntrackedUsage& usage : untracked.usage())
    std::cout << "untracked\t" << types.ReadName(usage.type).value_or("?")
              << '\t' << usage.objects << '\t' << usage.bytes << '\n';
  std::cerr << walk->scan.objects << " objects, " << seconds
            << " s of CPU, incomplete: " << walk->incomplete << '\n';
  return 0;
}

}  // namespace
}  // namespace leak_exporter::cpython

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: measure_heap PID [count | untracked]\n";
    return 2;
  }
  return leak_exporter::cpython::Measure(
      std::atoi(argv[1]), argc > 2 && std::string_view(argv[2]) == "count",
      argc > 2 && std::string_view(argv[2]) == "untracked");
}
