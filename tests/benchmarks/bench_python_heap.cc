// Walks the Python heap of a process once, and prints what it took as JSON.
// usage: bench_python_heap counts|sizes PID
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "metrics/base/clock.h"
#include "metrics/cpython/attach.h"
#include "metrics/cpython/heap/type_counter.h"
#include "metrics/cpython/sizes/heap_measurer.h"

namespace leak_exporter::cpython {
namespace {

double CpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Result<HeapWalk> Walk(const AttachedPython& python, bool sizes,
                      const Deadline& deadline) {
  TypeTable types(python.memory, python.layout());
  TypeCounter counter;
  HeapMeasurer measurer(types, 10);
  HeapVisitor& visitor = sizes ? static_cast<HeapVisitor&>(measurer) : counter;
  auto walk = python.Walk(types, visitor, HeapWalkLimits(), deadline);
  measurer.Finish();
  return walk;
}

Result<HeapWalk> Walk(pid_t pid, bool sizes, const Clock& clock) {
  const Deadline deadline = Deadline::After(clock, std::chrono::minutes(1));
  const auto process = procfs::ProcessHandle::Open(procfs::ProcFs(), pid);
  if (!process) return tl::unexpected<Error>(process.error());
  const auto walk = WithPython(*process, {}, clock, deadline,
                               [&](const AttachedPython& python) {
                                 return Walk(python, sizes, deadline);
                               });
  if (!walk) return tl::unexpected<Error>(walk.error());
  if (!*walk) return Failure(0, "not a CPython");
  return **walk;
}

int Run(pid_t pid, bool sizes) {
  const SystemClock clock;
  const auto start = clock.Now();
  const double cpu = CpuSeconds();
  const auto walk = Walk(pid, sizes, clock);
  if (!walk || !walk->incomplete.empty()) {
    std::cerr << (walk ? walk->incomplete : walk.error().message) << '\n';
    return 1;
  }
  const std::chrono::duration<double> seconds = clock.Now() - start;
  std::cout << "{\"objects\": " << walk->scan.objects
            << ", \"bytes_read\": " << walk->scan.bytes_read
            << ", \"seconds\": " << seconds.count()
            << ", \"cpu_seconds\": " << CpuSeconds() - cpu << "}\n";
  return 0;
}

}  // namespace
}  // namespace leak_exporter::cpython

int main(int argc, char** argv) {
  const std::string_view what = argc == 3 ? argv[1] : "";
  if (what != "counts" && what != "sizes") {
    std::cerr << "usage: bench_python_heap counts|sizes PID\n";
    return 2;
  }
  return leak_exporter::cpython::Run(std::atoi(argv[2]), what == "sizes");
}
