#include "metrics/cpython/measure_python.h"

#include <chrono>
#include <cstdlib>
#include <map>
#include <numeric>
#include <sstream>
#include <string>
#include <utility>

#include "metrics/base/read_file.h"
#include "metrics/cpython/heap/type_counter.h"
#include "tests/catch.h"
#include "tests/metrics/cpython/measured_python.h"
#include "tests/python_child.h"
#include "tests/waiting_process.h"

namespace leak_exporter::cpython {
namespace {

/// Lines of "number TAB name".
std::map<std::string, uint64_t> ParseCounts(const std::string& text) {
  std::map<std::string, uint64_t> counts;
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    const size_t tab = line.find('\t');
    REQUIRE(tab != std::string::npos);
    counts[line.substr(tab + 1)] += std::stoull(line.substr(0, tab));
  }
  return counts;
}

// Builds a heap, then counts it twice, so that the second count sees only what
// the first has made already. type.__repr__ is asked, as enums have their own.
const std::string kCensus = R"(
import os, sys, gc, collections
class Plain(object):
    def __init__(self, i): self.i = i; self.l = []
class Slotted(object):
    __slots__ = ('a', 'b')
keep = []
for i in range(2000):
    s = Slotted(); s.a = []; s.b = i
    keep.extend([{'a': [i], 'b': (i, [])}, Plain(i), s, set([i]),
                 collections.deque([1]), lambda: i])
gc.collect(); gc.disable()
def census():
    counts = {}
    objects = gc.get_objects()
    for o in objects:
        name = type.__repr__(type(o))
        counts[name] = counts.get(name, 0) + 1
    return counts
census()
counts = census()
for name in sorted(counts): sys.stdout.write('%d\t%s\n' % (counts[name], name))
)";
TEST_CASE("measure: counts by type are those of gc.get_objects()") {
  const std::string interpreter = GENERATE(from_range(PythonInterpreters()));
  INFO(interpreter);
  // Waits once before the census, as the first wait may import.
  const PythonChild child(interpreter, kCensus + kWait);
  const PythonMeasurement measurement = MeasureOrFail(child.pid());
  CHECK(measurement.walk.incomplete.empty());
  const auto truth = ParseCounts(child.output());
  const auto counts = CountsOf(measurement);
  uint64_t missing = 0;
  uint64_t extra = 0;
  for (const auto& [name, count] : truth) {
    const auto found = counts.find(name);
    const uint64_t ours = found == counts.end() ? 0 : found->second;
    // What runs when the census was taken is gone: its own frame.
    if (name.find("frame") == std::string::npos && ours < count) {
      UNSCOPED_INFO(name << ": " << ours << " of " << count);
      missing += count - ours;
    }
  }
  for (const auto& [name, count] : counts) {
    const auto found = truth.find(name);
    const uint64_t theirs = found == truth.end() ? 0 : found->second;
    if (count > theirs) extra += count - theirs;
  }
  CHECK(missing == 0);
  CHECK(extra <= 3);
  CHECK(counts.at("<class '__main__.Plain'>") == 2000);
  CHECK(counts.at("<class '__main__.Slotted'>") == 2000);
}

TEST_CASE("measure: version, modules and statistics are the interpreter's") {
  const std::string interpreter = GENERATE(from_range(PythonInterpreters()));
  INFO(interpreter);
  const PythonChild child(interpreter, R"(
import os, sys, gc
garbage = []
for i in range(1000):
    l = []; l.append(l); garbage.append(l)
del garbage, l
gc.collect(); gc.collect(0); gc.collect(1); gc.disable()
sys.stdout.write('%d.%d.%d %d' % (tuple(sys.version_info[:3]) + (len(sys.modules),)))
for s in getattr(gc, 'get_stats', list)():
    sys.stdout.write(' %d %d %d' % (s['collections'], s['collected'], s['uncollectable']))
sys.stdout.write('\n')
)" + kWait);
  const PythonMeasurement measurement = MeasureOrFail(child.pid());
  std::ostringstream ours;
  ours << ToString(measurement.version) << ' '
       << measurement.modules.value_or(0);
  for (const GenerationStatistics& generation : measurement.generations) {
    ours << ' ' << generation.collections << ' ' << generation.collected << ' '
         << generation.uncollectable;
  }
  CHECK(ours.str() + "\n" == child.output());
}

TEST_CASE("measure: what counts towards the next collections") {
  const PythonChild child("/usr/bin/python3", R"(
import os, sys, gc
gc.disable()
gc.collect(2)
for i in range(2): gc.collect(1)
for i in range(3): gc.collect(0)
kept = [[] for i in range(500)]
sys.stdout.write('%d %d %d\n' % gc.get_count())
)" + kWait);
  const PythonMeasurement measurement = MeasureOrFail(child.pid());
  REQUIRE(measurement.gc_counts.size() == 3);
  std::istringstream expected(child.output());
  int64_t youngest = 0;
  expected >> youngest;
  CHECK(youngest >= 500);
  // What came and went since it printed, to print and to wait.
  CHECK(std::abs(measurement.gc_counts[0] - youngest) < 50);
  CHECK(measurement.gc_counts[1] == 3);
  CHECK(measurement.gc_counts[2] == 2);
}

TEST_CASE("measure: what gc.freeze() has put aside is left out") {
  const PythonChild child("/usr/bin/python3", R"(
import os, sys, gc
class Frozen(list): pass
kept = [Frozen() for i in range(5000)]
gc.disable(); gc.freeze()
class Later(list): pass
later = [Later() for i in range(100)]
sys.stdout.write('%d\n' % gc.get_freeze_count())
)" + kWait);
  const PythonMeasurement measurement = MeasureOrFail(child.pid());
  CHECK(measurement.walk.permanent_objects == std::stoull(child.output()));
  const auto counts = CountsOf(measurement);
  CHECK(counts.count("<class '__main__.Frozen'>") == 0);
  CHECK(counts.at("<class '__main__.Later'>") == 100);
}

TEST_CASE("measure: too many put aside make the walk incomplete, and say so") {
  const PythonChild child("/usr/bin/python3",
                          "import os, sys, gc; l = [[] for i in range(1000)]; "
                          "gc.disable(); gc.freeze()" +
                              kWait);
  MeasureOptions options;
  options.limits.permanent_objects = 100;
  CHECK_FALSE(MeasureOrFail(child.pid(), options).walk.incomplete.empty());
}

TEST_CASE("measure: the types with most objects have names, the rest a sum") {
  const auto [classes, name] =
      GENERATE(std::pair(9000, "''"), std::pair(700, "'x' * 900"));
  const PythonChild child("/usr/bin/python3",
                          R"(
import os, sys, gc
gc.disable()
class Many(list): pass
many = [Many() for i in range(1000)]
few = [type(str(i) + )" + std::string(name) +
                              R"(, (list,), {})() for i in range()" +
                              std::to_string(classes) +
                              R"()]
sys.stdout.write('%d\n' % len(gc.get_objects()))
)" + kWait);
  const PythonMeasurement measurement = MeasureOrFail(child.pid());
  CHECK(measurement.types.size() <= 8193);
  size_t name_bytes = 0;
  uint64_t objects = 0;
  for (const NamedUsage& type : measurement.types) {
    name_bytes += type.name.size();
    objects += type.objects;
  }
  CHECK(name_bytes <= (size_t{1} << 19) + 10);
  const auto counts = CountsOf(measurement);
  CHECK(counts.at("<class '__main__.Many'>") == 1000);
  CHECK(counts.at("(other)") > 100);
  // The list and its items are there by the time it is printed.
  CHECK(objects == measurement.walk.scan.objects);
  CHECK(objects + 10 > std::stoull(child.output()));
}

TEST_CASE(
    "measure: pymalloc's arenas are those that sys._debugmallocstats "
    "counts") {
  const std::string interpreter = GENERATE(from_range(PythonInterpreters()));
  INFO(interpreter);
  // It writes to the C library's standard error.
  const PythonChild child(interpreter, R"(
import os, sys, gc, re
gc.disable()
if not hasattr(sys, '_debugmallocstats'):
    sys.stdout.write('absent\n.\n'); sys.stdout.flush(); os.read(0, 1)
kept = [[i, str(i) * 3, (i,)] for i in range(30000)]
kept[::3] = [None] * len(kept[::3])
import tempfile
file = tempfile.TemporaryFile()
saved = os.dup(2); os.dup2(file.fileno(), 2)
sys._debugmallocstats()
os.dup2(saved, 2); file.seek(0); text = file.read().decode()
number = lambda pattern: int(re.search(pattern + r'[^=\n]*=\s*([\d,]+)', text).group(1).replace(',', ''))
sys.stdout.write('%d %d\n' % (number(r'# arenas allocated current'), number(r'# bytes in allocated blocks')))
)" + kWait);
  if (child.output() == "absent\n") return;  // 2.7 cannot say.
  std::istringstream said(child.output());
  uint64_t arenas = 0;
  uint64_t used = 0;
  said >> arenas >> used;
  const PythonMeasurement measurement = MeasureOrFail(child.pid());
  // A stripped interpreter before 3.12 does not tell where pymalloc's state is.
  if (!measurement.arenas) {
    CHECK(measurement.version.minor < 12);
    return;
  }
  CHECK(measurement.arenas->reserved_bytes % arenas == 0);
  // The rest of the script allocates and frees a little.
  CHECK(std::abs(static_cast<int64_t>(measurement.arenas->used_bytes - used)) <
        200'000);
}

TEST_CASE("measure: to be read leaves the process's memory as it is") {
  const std::string interpreter = GENERATE(from_range(PythonInterpreters()));
  INFO(interpreter);
  PythonChild child(
      interpreter,
      "import os, sys, gc; l = [[] for i in range(1000)]" + kWait + kWait);
  // The first wait touches the pages of the program that waiting takes.
  child.Continue();
  const std::string path = "/proc/" + std::to_string(child.pid()) + "/statm";
  std::string buffer;
  // Size, RSS and shared pages among others.
  const std::string before(ReadFile(path, buffer).value());
  MeasureOrFail(child.pid());
  CHECK(std::string(ReadFile(path, buffer).value()) == before);
}

TEST_CASE("measure: a process that is no CPython is none, and no error") {
  const WaitingProcess child;
  const auto measured = Measure(child.pid());
  REQUIRE(measured.has_value());
  CHECK_FALSE(measured->has_value());
}

TEST_CASE("measure: a process that has ended is gone") {
  pid_t pid = 0;
  std::optional<procfs::ProcessHandle> process;
  {
    const PythonChild child("/usr/bin/python3", "import os, sys" + kWait);
    pid = child.pid();
    auto opened = procfs::ProcessHandle::Open(procfs::ProcFs(), pid);
    REQUIRE(opened.has_value());
    process.emplace(*std::move(opened));
  }
  const SystemClock clock;
  const auto measured =
      MeasurePython(*process, {}, clock, Deadline::Never(clock));
  REQUIRE_FALSE(measured.has_value());
  CHECK(IsGone(measured.error()));
}

TEST_CASE("measure: past the deadline it ends and says that it is cut short") {
  const PythonChild child("/usr/bin/python3", "import os, sys" + kWait);
  const SystemClock clock;
  const auto process =
      procfs::ProcessHandle::Open(procfs::ProcFs(), child.pid());
  REQUIRE(process.has_value());
  const auto measured = MeasurePython(
      *process, {}, clock, Deadline::After(clock, std::chrono::seconds(-1)));
  REQUIRE_FALSE(measured.has_value());
  CHECK(measured.error().code == ETIMEDOUT);
}

TEST_CASE("measure: a visitor of the caller's sees the walk that measures") {
  const PythonChild child("/usr/bin/python3", "import os, sys" + kWait);
  const SystemClock clock;
  const Deadline deadline = Deadline::After(clock, std::chrono::seconds(30));
  const auto process =
      procfs::ProcessHandle::Open(procfs::ProcFs(), child.pid());
  REQUIRE(process.has_value());
  TypeCounter counter;
  const auto measured = WithPython(
      *process, {}, clock, deadline, [&](const AttachedPython& python) {
        TypeTable types(python.memory, python.layout());
        HeapVisitor* const visitors[] = {&counter};
        return MeasureAttached(python, types, visitors, {}, clock, deadline);
      });
  if (!measured) FAIL(measured.error().message);
  REQUIRE(measured->has_value());
  const std::vector<uint64_t>& counts = counter.counts();
  const uint64_t objects =
      std::accumulate(counts.begin(), counts.end(), uint64_t{0});
  CHECK(objects > 1000);
  CHECK((*measured)->walk.scan.objects == objects);
}

TEST_CASE("measure: several interpreters of a process are summed") {
  const PythonChild child("/usr/bin/python3", R"(
import os, sys, gc
gc.disable()
import _xxsubinterpreters
class Own(list): pass
own = [Own() for i in range(10)]
sub = _xxsubinterpreters.create()
_xxsubinterpreters.run_string(sub, '''
import gc
gc.disable()
class Own(list): pass
class Other(list): pass
own = [Own() for i in range(7)] + [Other()]
''')
)" + kWait);
  const auto counts = CountsOf(MeasureOrFail(child.pid()));
  CHECK(counts.at("<class '__main__.Own'>") == 17);
  CHECK(counts.at("<class '__main__.Other'>") == 1);
}

}  // namespace
}  // namespace leak_exporter::cpython
