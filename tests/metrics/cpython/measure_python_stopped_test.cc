#include <chrono>
#include <string>

#include "metrics/cpython/measure_python.h"
#include "metrics/procfs/status.h"
#include "tests/catch.h"
#include "tests/metrics/cpython/measured_python.h"
#include "tests/python_child.h"

namespace leak_exporter::cpython {
namespace {

TEST_CASE("measure: a stopped process is counted the same, and goes on") {
  PythonChild child("/usr/bin/python3", R"(
import os, sys, gc, threading
gc.disable()
class Kept(list): pass
kept = [Kept() for i in range(20000)]
stop = threading.Event()
def churn():
    while not stop.is_set():
        [Kept() for i in range(100)]
threads = [threading.Thread(target=churn) for i in range(3)]
for t in threads: t.start()
sys.stdout.write('.\n'); sys.stdout.flush(); os.read(0, 1)
stop.set()
for t in threads: t.join()
sys.stdout.write('joined\n')
)" + kWait);
  MeasureOptions options;
  options.attach.freeze = true;
  for (int i = 0; i < 5; ++i) {
    const PythonMeasurement measurement = MeasureOrFail(child.pid(), options);
    CHECK(measurement.walk.incomplete.empty());
    CHECK(measurement.paused_seconds > 0);
    const uint64_t kept = CountsOf(measurement).at("<class '__main__.Kept'>");
    CHECK(kept >= 20000);
    CHECK(kept <= 20400);
  }
  child.Continue();
  CHECK(child.output() == "joined\n");
}

const std::string kCollectsAlways = R"(
import os, sys, gc, threading
class Kept(list): pass
kept = [Kept() for i in range(200000)]
def collect():
    while True: gc.collect()
threading.Thread(target=collect, daemon=True).start()
)";

TEST_CASE("measure: a collection that runs does not hide objects") {
  const PythonChild child("/usr/bin/python3", kCollectsAlways + kWait);
  for (int i = 0; i < 10; ++i) {
    const auto counts = CountsOf(MeasureOrFail(child.pid()));
    CHECK(counts.at("<class '__main__.Kept'>") == 200000);
  }
}

TEST_CASE(
    "measure: a process is never copied within a collection, and runs on") {
  const PythonChild child("/usr/bin/python3", kCollectsAlways + kWait);
  MeasureOptions options;
  options.attach.freeze = true;
  options.attach.stopped_copy.attempts = 5;
  const auto measured = Measure(child.pid(), options);
  if (measured) {
    CHECK(CountsOf(**measured).at("<class '__main__.Kept'>") == 200000);
  } else {
    CHECK(measured.error().code == ETIMEDOUT);
  }
  std::string buffer;
  const auto process =
      procfs::ProcessHandle::Open(procfs::ProcFs(), child.pid());
  REQUIRE(process.has_value());
  const auto status =
      procfs::ParseStatus(process->Read("status", buffer).value());
  REQUIRE(status.has_value());
  CHECK((status->state == 'R' || status->state == 'S'));
}

TEST_CASE("measure: more memory than may be copied is an error") {
  const PythonChild child("/usr/bin/python3", "import os, sys" + kWait);
  MeasureOptions options;
  options.attach.freeze = true;
  options.attach.stopped_copy.bytes = 4096;
  const auto measured = Measure(child.pid(), options);
  REQUIRE_FALSE(measured.has_value());
  CHECK(measured.error().code == ENOMEM);
}

}  // namespace
}  // namespace leak_exporter::cpython
