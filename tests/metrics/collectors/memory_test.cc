#include "metrics/collectors/memory.h"

#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/collect.h"

namespace leak_exporter {
namespace {

ProcessSample WithStatus(const procfs::Status& status) {
  ProcessSample sample;
  sample.status = status;
  return sample;
}

procfs::Status Living(uint64_t unit) {
  procfs::Status status;
  status.threads = static_cast<uint32_t>(unit);
  status.peak_resident_bytes = 9 * unit;
  status.resident_bytes = 6 * unit;
  status.anonymous_bytes = 3 * unit;
  status.file_bytes = 2 * unit;
  status.shared_bytes = unit;
  status.swap_bytes = 4 * unit;
  return status;
}

TEST_CASE("memory: sums over the processes of each scope") {
  Family family;
  family.main = {WithStatus(Living(100)), WithStatus(Living(10))};
  family.descendants = {WithStatus(Living(1)), WithStatus(Living(2)),
                        WithStatus(Living(1000))};
  MemoryCollector collector;
  CHECK(collector.name() == "memory");
  const Collected collected = Collect(collector, procfs::ProcFs(), family);
  REQUIRE(collected.success);
  const MemorySnapshot& memory = *collected.snapshot.memory;
  CHECK(memory.usage.main.threads == 110);
  CHECK(memory.usage.main.resident_bytes == 660);
  CHECK(memory.usage.main.anonymous_bytes == 330);
  CHECK(memory.usage.main.file_bytes == 220);
  CHECK(memory.usage.main.shared_bytes == 110);
  CHECK(memory.usage.main.swap_bytes == 440);
  CHECK(memory.usage.children.threads == 1003);
  CHECK(memory.usage.children.resident_bytes == 6018);
  // The largest of the main processes, not of the children.
  CHECK(memory.peak_resident_bytes == 900);
}

TEST_CASE("memory: what no process has is absent, what one has is the sum") {
  procfs::Status zombie;
  zombie.state = 'Z';
  zombie.threads = 1;
  procfs::Status old_kernel;
  old_kernel.threads = 2;
  old_kernel.resident_bytes = 77;
  Family family;
  family.main = {WithStatus(zombie)};
  family.descendants = {WithStatus(zombie), WithStatus(old_kernel)};
  MemoryCollector collector;
  const MemorySnapshot memory =
      *Collect(collector, procfs::ProcFs(), family).snapshot.memory;
  CHECK(memory.usage.main.threads == 1);
  CHECK_FALSE(memory.usage.main.resident_bytes);
  CHECK_FALSE(memory.usage.main.swap_bytes);
  CHECK_FALSE(memory.peak_resident_bytes);
  CHECK(memory.usage.children.threads == 3);
  CHECK(memory.usage.children.resident_bytes == 77);
  CHECK_FALSE(memory.usage.children.anonymous_bytes);
  CHECK_FALSE(memory.usage.children.file_bytes);
  CHECK_FALSE(memory.usage.children.shared_bytes);
}

}  // namespace
}  // namespace leak_exporter
