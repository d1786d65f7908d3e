#include "exporter/service/self_status.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>

#include "metrics/base/unique_fd.h"
#include "tests/catch.h"
#include "tests/fake_proc.h"

namespace leak_exporter {
namespace {

TEST_CASE("self status: what the kernel says of this process") {
  const SystemClock clock;
  const SelfStatus self(procfs::ProcFs(), clock);
  const render::ExporterStatus status = self.Read();
  CHECK_FALSE(status.version.empty());
  CHECK_FALSE(status.config_last_reload_successful);
  REQUIRE(status.cpu_seconds);
  CHECK(*status.cpu_seconds >= 0);
  REQUIRE(status.resident_bytes);
  REQUIRE(status.virtual_bytes);
  CHECK(*status.resident_bytes > 100'000);
  CHECK(*status.virtual_bytes > *status.resident_bytes);
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(status.max_fds == limit.rlim_cur);
  const double now =
      std::chrono::duration<double>(clock.WallTime().time_since_epoch())
          .count();
  REQUIRE(status.start_time_unix_seconds);
  CHECK(*status.start_time_unix_seconds <= now + 0.01);
  CHECK(*status.start_time_unix_seconds > now - 600);
}

TEST_CASE("self status: descriptors are counted, the count's own is not") {
  const SystemClock clock;
  const SelfStatus self(procfs::ProcFs(), clock);
  const auto before = self.Read().open_fds;
  REQUIRE(before);
  const UniqueFd more(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  CHECK(self.Read().open_fds == *before + 1);
}

TEST_CASE("self status: what cannot be read is absent") {
  const FakeProc proc;
  const SystemClock clock;
  proc.Write("self/statm", "torn");
  const render::ExporterStatus status = SelfStatus(proc.fs(), clock).Read();
  CHECK_FALSE(status.resident_bytes);
  CHECK_FALSE(status.virtual_bytes);
  CHECK_FALSE(status.open_fds);
  CHECK_FALSE(status.start_time_unix_seconds);
  CHECK(status.cpu_seconds);
}

}  // namespace
}  // namespace leak_exporter
