// Prints what leak_exporter finds in a CPython process: one line a type, with
// number of objects, bytes and name, then what the walk says of itself. For
// tests that compare it with what the process says.
// usage: heap_census [--freeze] PID
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "metrics/base/clock.h"
#include "metrics/cpython/measure_python.h"

namespace leak_exporter::cpython {
namespace {

int Fail(const Error& error) {
  std::cerr << error.message << '\n';
  return 1;
}

int Census(pid_t pid, const MeasureOptions& options) {
  const SystemClock clock;
  const auto process = procfs::ProcessHandle::Open(procfs::ProcFs(), pid);
  if (!process) return Fail(process.error());
  const auto found =
      MeasurePython(*process, options, clock,
                    Deadline::After(clock, std::chrono::minutes(1)));
  if (!found) return Fail(found.error());
  if (!*found) return Fail({0, "not a CPython"});
  const PythonMeasurement& measurement = **found;
  for (const NamedUsage& type : measurement.types) {
    std::cout << type.objects << '\t' << type.bytes.value_or(0) << '\t'
              << type.name << '\n';
  }
  std::cerr << "version " << ToString(measurement.version) << " objects "
            << measurement.walk.scan.objects << " rejected "
            << measurement.walk.scan.rejected << " permanent "
            << measurement.walk.permanent_objects.value_or(0) << " read "
            << measurement.walk.scan.bytes_read << " unreadable "
            << measurement.walk.scan.unreadable_bytes << " seconds "
            << measurement.walk_seconds << " paused "
            << measurement.paused_seconds << " modules "
            << measurement.modules.value_or(0) << " generations";
  for (const GenerationStatistics& generation : measurement.generations) {
    std::cerr << ' ' << generation.collections << '/' << generation.collected
              << '/' << generation.uncollectable;
  }
  std::cerr << ' ' << measurement.walk.incomplete << '\n';
  return 0;
}

}  // namespace
}  // namespace leak_exporter::cpython

int main(int argc, char** argv) {
  leak_exporter::cpython::MeasureOptions options;
  options.attach.freeze = argc == 3 && std::string_view(argv[1]) == "--freeze";
  if (argc != (options.attach.freeze ? 3 : 2)) {
    std::cerr << "usage: heap_census [--freeze] PID\n";
    return 2;
  }
  return leak_exporter::cpython::Census(std::atoi(argv[argc - 1]), options);
}
