#include "exporter/debug/block_schedule.h"

#include <chrono>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

using render::DebugBlock;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Blocks = std::vector<DebugBlock>;

const BlockSchedule::TimePoint kStart{std::chrono::hours(5)};

config::DebuggingConfig PidEvery(seconds interval) {
  config::DebuggingConfig config;
  config.pid_profile_interval = interval;
  return config;
}

TEST_CASE("block schedule: without blocks nothing is due") {
  BlockSchedule schedule;
  CHECK_FALSE(schedule.NextDue());
  schedule.Configure({}, kStart);
  CHECK_FALSE(schedule.NextDue());
  CHECK(schedule.TakeDue(kStart).empty());
}

TEST_CASE("block schedule: the first is due at once, then by interval") {
  BlockSchedule schedule;
  schedule.Configure(PidEvery(seconds(10)), kStart);
  CHECK(schedule.NextDue() == kStart);
  CHECK(schedule.TakeDue(kStart) == Blocks{DebugBlock::kPid});
  CHECK(schedule.NextDue() == kStart + seconds(10));
  CHECK(schedule.TakeDue(kStart + milliseconds(9999)).empty());
  CHECK(schedule.TakeDue(kStart + seconds(10)) == Blocks{DebugBlock::kPid});
}

TEST_CASE("block schedule: lateness does not add up") {
  BlockSchedule schedule;
  schedule.Configure(PidEvery(seconds(10)), kStart);
  for (int i = 0; i < 1000; ++i) {
    schedule.TakeDue(kStart + seconds(10 * i) + milliseconds(700));
  }
  CHECK(schedule.NextDue() == kStart + seconds(10'000));
}

TEST_CASE("block schedule: missed ones are left out") {
  BlockSchedule schedule;
  schedule.Configure(PidEvery(seconds(10)), kStart);
  CHECK(schedule.TakeDue(kStart + seconds(57)) == Blocks{DebugBlock::kPid});
  CHECK(schedule.NextDue() == kStart + seconds(60));
}

TEST_CASE(
    "block schedule: each block has its interval, and they come in one order") {
  BlockSchedule schedule;
  config::DebuggingConfig config;
  config.mapping_profile_interval = seconds(2);
  config.memory_profile_interval = seconds(3);
  schedule.Configure(config, kStart);
  CHECK(schedule.TakeDue(kStart) ==
        Blocks{DebugBlock::kMemory, DebugBlock::kMapping});
  CHECK(schedule.TakeDue(kStart + seconds(2)) == Blocks{DebugBlock::kMapping});
  CHECK(schedule.TakeDue(kStart + seconds(3)) == Blocks{DebugBlock::kMemory});
  CHECK(schedule.TakeDue(kStart + seconds(4)) == Blocks{DebugBlock::kMapping});
  CHECK(schedule.TakeDue(kStart + seconds(6)) ==
        Blocks{DebugBlock::kMemory, DebugBlock::kMapping});
}

TEST_CASE("block schedule: another configuration keeps what is the same") {
  BlockSchedule schedule;
  config::DebuggingConfig config = PidEvery(seconds(10));
  config.disk_profile_interval = minutes(1);
  schedule.Configure(config, kStart);
  schedule.TakeDue(kStart);
  config.disk_profile_interval = minutes(2);
  config.output = "/another/file";
  schedule.Configure(config, kStart + seconds(7));
  CHECK(schedule.TakeDue(kStart + seconds(7)) == Blocks{DebugBlock::kDisk});
  CHECK(schedule.NextDue() == kStart + seconds(10));
}

TEST_CASE("block schedule: the shortest interval is known") {
  BlockSchedule schedule;
  CHECK_FALSE(schedule.ShortestInterval());
  config::DebuggingConfig config;
  config.disk_profile_interval = seconds(20);
  config.pid_profile_interval = seconds(7);
  config.mapping_profile_interval = seconds(9);
  schedule.Configure(config, kStart);
  CHECK(schedule.ShortestInterval() == seconds(7));
}

TEST_CASE("block schedule: blocks that were missed are counted") {
  BlockSchedule schedule;
  schedule.Configure(PidEvery(seconds(10)), kStart);
  CHECK(schedule.LeftOut(kStart + seconds(9)) == 0);
  schedule.TakeDue(kStart);
  CHECK(schedule.LeftOut(kStart + seconds(10)) == 0);
  // One is due and two were missed, while nobody took any.
  CHECK(schedule.LeftOut(kStart + seconds(35)) == 2);
  schedule.TakeDue(kStart + seconds(35));
  CHECK(schedule.LeftOut(kStart + seconds(36)) == 2);
  schedule.TakeDue(kStart + seconds(40));
  CHECK(schedule.LeftOut(kStart + seconds(41)) == 2);
}

}  // namespace
}  // namespace leak_exporter
