#include "exporter/system/signal_fd.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

bool IsReadable(const SignalFd& signals) {
  pollfd waiting{signals.fd(), POLLIN, 0};
  return ::poll(&waiting, 1, 0) == 1;
}

bool IsBlocked(int signal) {
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return ::sigismember(&mask, signal) == 1;
}

/// Gives the test's thread its signals back.
class KeepSignalMask {
 public:
  KeepSignalMask() { ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_); }
  KeepSignalMask(const KeepSignalMask&) = delete;
  KeepSignalMask& operator=(const KeepSignalMask&) = delete;
  ~KeepSignalMask() { ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr); }

 private:
  sigset_t mask_{};
};

TEST_CASE("signal_fd: signals are taken one by one, and only those named") {
  const KeepSignalMask keep;
  const SignalFd signals({SIGUSR1, SIGUSR2});
  CHECK_FALSE(IsReadable(signals));
  CHECK_FALSE(signals.Take());

  REQUIRE(::pthread_kill(::pthread_self(), SIGUSR2) == 0);
  REQUIRE(::pthread_kill(::pthread_self(), SIGUSR1) == 0);
  CHECK(IsReadable(signals));
  // The kernel hands over the lowest number first.
  CHECK(signals.Take() == SIGUSR1);
  CHECK(signals.Take() == SIGUSR2);
  CHECK_FALSE(signals.Take());
  CHECK_FALSE(IsReadable(signals));
  CHECK_FALSE(IsBlocked(SIGHUP));
}

TEST_CASE("signal_fd: a signal that comes twice before it is taken is one") {
  const KeepSignalMask keep;
  const SignalFd signals({SIGUSR1});
  REQUIRE(::pthread_kill(::pthread_self(), SIGUSR1) == 0);
  REQUIRE(::pthread_kill(::pthread_self(), SIGUSR1) == 0);
  CHECK(signals.Take() == SIGUSR1);
  CHECK_FALSE(signals.Take());
}

TEST_CASE("signal_fd: threads that start later block the signals too") {
  const KeepSignalMask keep;
  const SignalFd signals({SIGUSR1});
  bool blocked = false;
  std::thread([&] { blocked = IsBlocked(SIGUSR1); }).join();
  CHECK(blocked);
}

}  // namespace
}  // namespace leak_exporter
