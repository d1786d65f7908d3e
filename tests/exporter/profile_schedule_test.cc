#include "exporter/profile_schedule.h"

#include <chrono>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

using render::Profile;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Profiles = std::vector<Profile>;

const ProfileSchedule::TimePoint kStart{std::chrono::hours(5)};

config::DebuggingConfig PidEvery(seconds interval) {
  config::DebuggingConfig config;
  config.pid_profile_interval = interval;
  return config;
}

TEST_CASE("profile schedule: without blocks nothing is due") {
  ProfileSchedule schedule;
  CHECK_FALSE(schedule.NextDue());
  schedule.Configure({}, kStart);
  CHECK_FALSE(schedule.NextDue());
  CHECK(schedule.TakeDue(kStart).empty());
}

TEST_CASE("profile schedule: the first beat is at once, then by interval") {
  ProfileSchedule schedule;
  schedule.Configure(PidEvery(seconds(10)), kStart);
  CHECK(schedule.NextDue() == kStart);
  CHECK(schedule.TakeDue(kStart) == Profiles{Profile::kPid});
  CHECK(schedule.NextDue() == kStart + seconds(10));
  CHECK(schedule.TakeDue(kStart + milliseconds(9999)).empty());
  CHECK(schedule.TakeDue(kStart + seconds(10)) == Profiles{Profile::kPid});
}

TEST_CASE("profile schedule: lateness does not add up") {
  ProfileSchedule schedule;
  schedule.Configure(PidEvery(seconds(10)), kStart);
  for (int i = 0; i < 1000; ++i) {
    schedule.TakeDue(kStart + seconds(10 * i) + milliseconds(700));
  }
  CHECK(schedule.NextDue() == kStart + seconds(10'000));
}

TEST_CASE("profile schedule: missed beats are left out") {
  ProfileSchedule schedule;
  schedule.Configure(PidEvery(seconds(10)), kStart);
  CHECK(schedule.TakeDue(kStart + seconds(57)) == Profiles{Profile::kPid});
  CHECK(schedule.NextDue() == kStart + seconds(60));
}

TEST_CASE("profile schedule: blocks beat apart and come in one order") {
  ProfileSchedule schedule;
  config::DebuggingConfig config;
  config.mapping_profile_interval = seconds(2);
  config.memory_profile_interval = seconds(3);
  schedule.Configure(config, kStart);
  CHECK(schedule.TakeDue(kStart) ==
        Profiles{Profile::kMemory, Profile::kMapping});
  CHECK(schedule.TakeDue(kStart + seconds(2)) == Profiles{Profile::kMapping});
  CHECK(schedule.TakeDue(kStart + seconds(3)) == Profiles{Profile::kMemory});
  CHECK(schedule.TakeDue(kStart + seconds(4)) == Profiles{Profile::kMapping});
  CHECK(schedule.TakeDue(kStart + seconds(6)) ==
        Profiles{Profile::kMemory, Profile::kMapping});
}

TEST_CASE("profile schedule: another configuration keeps what is the same") {
  ProfileSchedule schedule;
  config::DebuggingConfig config = PidEvery(seconds(10));
  config.disk_profile_interval = minutes(1);
  schedule.Configure(config, kStart);
  schedule.TakeDue(kStart);
  config.disk_profile_interval = minutes(2);
  config.output = "/another/file";
  schedule.Configure(config, kStart + seconds(7));
  CHECK(schedule.TakeDue(kStart + seconds(7)) == Profiles{Profile::kDisk});
  CHECK(schedule.NextDue() == kStart + seconds(10));
}

}  // namespace
}  // namespace leak_exporter
