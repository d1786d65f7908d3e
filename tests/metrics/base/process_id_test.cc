#include "metrics/base/process_id.h"

#include <cstdint>
#include <unordered_set>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

TEST_CASE("process_id: a pid alone is not a process") {
  CHECK(ProcessId{7, 100} == ProcessId{7, 100});
  CHECK(ProcessId{7, 100} != ProcessId{7, 101});
  CHECK(ProcessId{7, 100} != ProcessId{8, 100});
  CHECK(ProcessId() == ProcessId{0, 0});
}

TEST_CASE("process_id: in order of pids, then of start times") {
  CHECK(ProcessId{7, 200} < ProcessId{8, 100});
  CHECK(ProcessId{7, 100} < ProcessId{7, 101});
  CHECK(ProcessId{7, UINT64_MAX} > ProcessId{7, 0});
}

TEST_CASE("process_id: processes of one boot hash apart") {
  std::unordered_set<ProcessId> ids;
  std::unordered_set<size_t> hashes;
  // Forked one after another, a hundred in each tick.
  for (uint64_t i = 0; i < 10'000; ++i) {
    const ProcessId id{static_cast<pid_t>(1000 + i), 5000 + i / 100};
    ids.insert(id);
    hashes.insert(std::hash<ProcessId>{}(id));
  }
  CHECK(ids.size() == 10'000);
  CHECK(hashes.size() == 10'000);
  CHECK(ids.contains(ProcessId{1000, 5000}));
  CHECK_FALSE(ids.contains(ProcessId{1000, 5001}));
}

}  // namespace
}  // namespace leak_exporter
