#include "exporter/system/sd_notify.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>

#include "tests/catch.h"
#include "tests/exporter/system/notify_socket.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

TEST_CASE("sd_notify: what the manager is told") {
  const ScratchDirectory directory;
  const std::string name =
      GENERATE(false, true)
          ? "@leak_exporter_test." + std::to_string(::getpid())
          : directory.path() + "/notify";
  const NotifySocket socket(name);
  const ServiceManager manager(name, std::nullopt);
  REQUIRE(manager.Ready());
  CHECK(socket.Receive() == "READY=1");
  REQUIRE(manager.Reloading(std::chrono::steady_clock::time_point(
      std::chrono::microseconds(1'234'567))));
  CHECK(socket.Receive() == "RELOADING=1\nMONOTONIC_USEC=1234567");
  REQUIRE(manager.Watchdog());
  CHECK(socket.Receive() == "WATCHDOG=1");
  REQUIRE(manager.Stopping());
  CHECK(socket.Receive() == "STOPPING=1");
}

TEST_CASE("sd_notify: without a manager nothing is said") {
  const ServiceManager manager("", std::nullopt);
  CHECK(manager.Ready());
  CHECK(manager.Watchdog());
}

TEST_CASE("sd_notify: a manager that is not there is an error") {
  const ServiceManager gone("/nowhere/notify", std::nullopt);
  const auto sent = gone.Ready();
  REQUIRE_FALSE(sent);
  CHECK(sent.error().code == ENOENT);
  CHECK(sent.error().message ==
        "cannot notify /nowhere/notify: No such file or directory");
  const ServiceManager overlong(std::string(200, 'x'), std::nullopt);
  REQUIRE_FALSE(overlong.Ready());
  CHECK(overlong.Ready().error().code == ENAMETOOLONG);
}

TEST_CASE("sd_notify: a watchdog meant for this process alone is fed") {
  struct Case {
    const char* usec;
    std::string pid;
    bool fed;
  };
  const std::string self = std::to_string(::getpid());
  const auto [usec, pid, fed] =
      GENERATE_COPY(Case{"30000000", self, true}, Case{"30000000", "", true},
                    Case{"30000000", std::to_string(::getppid()), false},
                    Case{"0", self, false}, Case{"-1", self, false},
                    Case{"x", self, false}, Case{"", self, false});
  CAPTURE(usec, pid);
  ::setenv("WATCHDOG_USEC", usec, 1);
  ::setenv("WATCHDOG_PID", pid.c_str(), 1);
  const auto interval = ServiceManager::FromEnvironment().watchdog_interval();
  ::unsetenv("WATCHDOG_USEC");
  ::unsetenv("WATCHDOG_PID");
  CHECK(interval.has_value() == fed);
  if (fed) CHECK(interval == std::chrono::seconds(30));
}

}  // namespace
}  // namespace leak_exporter
