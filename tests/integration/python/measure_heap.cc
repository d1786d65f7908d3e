// Walks and measures the heap of a CPython process, for comparison with what
// the process says itself, and for the time that it takes.
//
// usage: measure_heap PID [count]
// Lines: `type` TAB name TAB objects TAB bytes TAB references; `refs` or
// `bytes` TAB number TAB address. `count` only counts. Last, on standard error,
// the walk's own figures.

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/base/clock.h"
#include "metrics/cpython/attach.h"
#include "metrics/cpython/heap/type_counter.h"
#include "metrics/cpython/repr/repr.h"
#include "metrics/cpython/sizes/heap_measurer.h"
#include "metrics/cpython/sizes/untracked_counter.h"

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
  constexpr size_t kRows = 10;
  ReprPrinter repr(types);
  const std::span<const RankedObject> rows = top.objects();
  for (const RankedObject& object : rows.first(std::min(kRows, rows.size())))
    std::cout << kind << '\t' << object.number << '\t' << Value(object.address)
              << '\t' << repr.Print(types[object.type].address) << '\t'
              << repr.Print(object.address) << '\n';
}

void Print(const HeapMeasurer& measurer, const UntrackedCounter& untracked,
           TypeTable& types) {
  for (TypeIndex i = 0; i < measurer.usage().size(); ++i) {
    const TypeUsage& usage = measurer.usage()[i];
    if (usage.objects == 0) continue;
    std::cout << "type\t" << types.ReadName(i).value_or("?") << '\t'
              << usage.objects << '\t'
              << (usage.bytes_known ? std::to_string(usage.bytes) : "") << '\t'
              << usage.references << '\n';
  }
  PrintRanking("refs", measurer.by_references(), types);
  PrintRanking("bytes", measurer.by_bytes(), types);
  for (const UntrackedUsage& usage : untracked.usage())
    std::cout << "untracked\t" << types.ReadName(usage.type).value_or("?")
              << '\t' << usage.objects << '\t' << usage.bytes << '\n';
}

Result<void> Measure(const AttachedPython& python, bool only_count,
                     bool with_untracked, const Deadline& deadline) {
  const double start = CpuSeconds();
  TypeTable types(python.memory, python.layout());
  HeapMeasurer measurer(types, 20);
  TypeCounter counter;
  UntrackedCounter untracked(
      types, with_untracked ? FindUntrackedTypes(
                                  types, python.runtime.interpreters[0].modules)
                            : std::vector<TypeIndex>());
  HeapVisitors both({&measurer, &untracked});
  HeapVisitor& visitor = only_count ? static_cast<HeapVisitor&>(counter)
                                    : static_cast<HeapVisitor&>(both);
  const auto walk = python.Walk(types, visitor, HeapWalkLimits(), deadline);
  if (!walk) return tl::unexpected<Error>(walk.error());
  measurer.Finish();
  const double seconds = CpuSeconds() - start;
  Print(measurer, untracked, types);
  std::cerr << walk->scan.objects << " objects, " << seconds
            << " s of CPU, incomplete: " << walk->incomplete << '\n';
  return {};
}

int Main(pid_t pid, std::string_view what) {
  const SystemClock clock;
  const Deadline deadline = Deadline::After(clock, std::chrono::seconds(120));
  const auto process = procfs::ProcessHandle::Open(procfs::ProcFs(), pid);
  if (!process) return Fail(process.error());
  const auto used = UsePython(
      *process, {}, clock, deadline, [&](const AttachedPython& python) {
        return Measure(python, what == "count", what == "untracked", deadline);
      });
  if (!used) return Fail(used.error());
  return *used ? 0 : Fail({0, "not a CPython"});
}

}  // namespace
}  // namespace leak_exporter::cpython

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: measure_heap PID [count | untracked]\n";
    return 2;
  }
  return leak_exporter::cpython::Main(std::atoi(argv[1]),
                                      argc > 2 ? argv[2] : "");
}
