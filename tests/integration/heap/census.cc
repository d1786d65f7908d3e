// Prints what leak_exporter counts in a CPython process: one line a type, count
// and name, then the walk's own figures. For tests that compare it with what
// the process says itself.
// usage: heap_census PID
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>

#include "metrics/base/clock.h"
#include "metrics/cpython/heap_walk.h"
#include "metrics/cpython/process_memory.h"
#include "metrics/cpython/type_counter.h"

namespace leak_exporter::cpython {
namespace {

int Fail(const Error& error) {
  std::cerr << error.message << '\n';
  return 1;
}

int Census(pid_t pid) {
  const SystemClock clock;
  const Deadline deadline = Deadline::After(clock, std::chrono::seconds(60));
  const auto process = procfs::ProcessHandle::Open(procfs::ProcFs(), pid);
  if (!process) return Fail(process.error());
  const ProcessMemory memory(pid);
  std::string buffer;
  const auto regions = ReadMemoryMap(*process, buffer, deadline);
  if (!regions) return Fail(regions.error());
  const auto runtime = FindPython(*process, *regions, memory);
  if (!runtime) return Fail(runtime.error());
  if (!*runtime) {
    std::cerr << "not a CPython\n";
    return 1;
  }
  const auto start = clock.Now();
  TypeTable types(memory, (*runtime)->layout);
  TypeCounter counter;
  const auto walk = WalkHeap(memory, **runtime, HeapRanges(*regions), types,
                             counter, HeapWalkLimits(), deadline);
  if (!walk) return Fail(walk.error());
  const std::chrono::duration<double> seconds = clock.Now() - start;

  std::map<std::string, uint64_t> by_name;
  for (TypeIndex i = 0; i < counter.counts().size(); ++i) {
    if (counter.counts()[i] == 0) continue;
    const auto name = types.ReadName(i);
    by_name[name ? *name : "? " + name.error().message] += counter.counts()[i];
  }
  for (const auto& [name, count] : by_name) {
    std::cout << count << '\t' << name << '\n';
  }
  std::cerr << "version " << ToString((*runtime)->layout.version)
            << " interpreters " << (*runtime)->interpreters.size()
            << " objects " << walk->scan.objects << " rejected "
            << walk->scan.rejected << " permanent " << walk->permanent_objects
            << " bytes " << walk->scan.bytes_read << " unreadable "
            << walk->scan.unreadable_bytes << " seconds " << seconds.count()
            << ' ' << walk->incomplete << '\n';
  return 0;
}

}  // namespace
}  // namespace leak_exporter::cpython

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: heap_census PID\n";
    return 2;
  }
  return leak_exporter::cpython::Census(std::atoi(argv[1]));
}
