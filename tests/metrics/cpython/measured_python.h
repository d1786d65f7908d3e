#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "metrics/cpython/measure_python.h"
#include "tests/catch.h"

/// Measuring an interpreter that a test has started.
namespace leak_exporter::cpython {

inline Result<std::optional<PythonMeasurement>> Measure(
    pid_t pid, const MeasureOptions& options = {}) {
  const SystemClock clock;
  const auto process = procfs::ProcessHandle::Open(procfs::ProcFs(), pid);
  if (!process) return tl::unexpected<Error>(process.error());
  return MeasurePython(*process, options, clock,
                       Deadline::After(clock, std::chrono::seconds(30)));
}

inline PythonMeasurement MeasureOrFail(pid_t pid,
                                       const MeasureOptions& options = {}) {
  auto measured = Measure(pid, options);
  if (!measured) FAIL(measured.error().message);
  REQUIRE(measured->has_value());
  return **std::move(measured);
}

inline std::map<std::string, uint64_t> CountsOf(
    const PythonMeasurement& measurement) {
  std::map<std::string, uint64_t> counts;
  for (const NamedUsage& type : measurement.types) {
    counts[type.type_repr] = type.objects;
  }
  return counts;
}

/// Ends a script: says that it is ready, and waits.
inline const std::string kWait = R"(
sys.stdout.write('.\n'); sys.stdout.flush(); os.read(0, 1)
)";

}  // namespace leak_exporter::cpython
