#pragma once

#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <stdexcept>

namespace leak_exporter {

/// A live process for one test: a fork that runs `body` and then only waits to
/// be killed, which it is when this object ends, or when the test does. It has
/// the standard streams and the descriptors that `body` opens, and no other.
class WaitingProcess {
 public:
  /// Returns once `body` has returned there.
  explicit WaitingProcess(const std::function<void()>& body = [] {}) {
    std::array<int, 2> ready{};
    if (::pipe(ready.data()) != 0) throw std::runtime_error("pipe failed");
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      constexpr int kReady = STDERR_FILENO + 1;
      ::dup2(ready[1], kReady);
      ::closefrom(kReady + 1);
      body();
      const bool told = ::write(kReady, "", 1) == 1;
      ::close(kReady);
      while (told) ::pause();
      ::_exit(1);
    }
    ::close(ready[1]);
    char byte = 0;
    // The second read waits until the other end is closed.
    const bool started =
        ::read(ready[0], &byte, 1) == 1 && ::read(ready[0], &byte, 1) == 0;
    ::close(ready[0]);
    if (!started) {
      Reap();
      throw std::runtime_error("the child process failed");
    }
  }
  WaitingProcess(const WaitingProcess&) = delete;
  WaitingProcess& operator=(const WaitingProcess&) = delete;
  ~WaitingProcess() { Reap(); }

  /// For a body that leaves open only what it opens.
  static void CloseStandardStreams() {
    for (int fd = 0; fd <= STDERR_FILENO; ++fd) ::close(fd);
  }

  pid_t pid() const { return pid_; }

  /// Kills it and leaves it a zombie.
  void MakeZombie() const {
    ::kill(pid_, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  }

  /// Kills it, where it still lives, and takes its exit status.
  void Reap() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
};

}  // namespace leak_exporter
