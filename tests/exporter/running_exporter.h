#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "metrics/base/unique_fd.h"

namespace leak_exporter {

/// The program itself, as a process of its own, for one test.
class RunningExporter {
 public:
  /// `prepare` runs in the new process before the program.
  explicit RunningExporter(
      std::vector<std::string> arguments,
      const std::function<void()>& prepare = [] {}) {
    std::array<int, 2> out{};
    std::array<int, 2> err{};
    if (::pipe2(out.data(), O_CLOEXEC) != 0 ||
        ::pipe2(err.data(), O_CLOEXEC) != 0) {
      throw std::runtime_error("pipe failed");
    }
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ == 0) {
      ::dup2(out[1], STDOUT_FILENO);
      ::dup2(err[1], STDERR_FILENO);
      // Built with it, a program would sleep for a second when it ends.
      ::setenv("TSAN_OPTIONS", "atexit_sleep_ms=0", 0);
      prepare();
      Execute(std::move(arguments));
    }
    ::close(out[1]);
    ::close(err[1]);
    out_.fd.Reset(out[0]);
    err_.fd.Reset(err[0]);
  }
  RunningExporter(const RunningExporter&) = delete;
  RunningExporter& operator=(const RunningExporter&) = delete;
  ~RunningExporter() {
    if (ended_) return;
    ::kill(pid_, SIGKILL);
    Wait(std::chrono::seconds(10));
  }

  pid_t pid() const { return pid_; }
  void Signal(int signal) const { ::kill(pid_, signal); }

  /// What it has written once `text` is among it; throws where that does not
  /// come.
  const std::string& AwaitOutput(const std::string& text) {
    return out_.Await(text);
  }
  const std::string& AwaitLog(const std::string& text) {
    return err_.Await(text);
  }

  /// Where it listens, as its log says.
  std::string Address() {
    const std::string key = "msg=listening address=";
    const std::string& log = AwaitLog(key);
    const size_t begin = log.find(key) + key.size();
    return log.substr(begin, log.find('\n', begin) - begin);
  }

  /// Its exit status, once it has ended; absent where it does not in time.
  std::optional<int> Wait(std::chrono::milliseconds at_most) {
    const auto until = std::chrono::steady_clock::now() + at_most;
    while (!ended_ && std::chrono::steady_clock::now() < until) {
      int status = 0;
      // Threads that are held are children of their own.
      const pid_t changed = ::waitpid(-1, &status, __WALL | WNOHANG);
      if (changed == pid_ && (WIFEXITED(status) || WIFSIGNALED(status))) {
        ended_ = true;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
      }
      if (changed == 0) ::poll(nullptr, 0, 1);
    }
    return std::nullopt;
  }

  /// What it wrote until its end.
  std::string RestOfOutput() { return out_.ReadToEnd(); }
  std::string RestOfLog() { return err_.ReadToEnd(); }

  std::vector<pid_t> Threads() const {
    std::vector<pid_t> threads;
    const std::string directory = "/proc/" + std::to_string(pid_) + "/task";
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      threads.push_back(std::stoi(entry.path().filename()));
    }
    return threads;
  }

  size_t Descriptors() const {
    const std::string directory = "/proc/" + std::to_string(pid_) + "/fd";
    return static_cast<size_t>(
        std::distance(std::filesystem::directory_iterator(directory), {}));
  }

  /// Has every thread hang, as in a dead filesystem, but the main one and that
  /// of the log.
  void HangThreads() const {
    for (const pid_t thread : Threads()) {
      if (thread == pid_ || Name(thread) == "log") continue;
      // A connection's thread may end meanwhile.
      if (::ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) != 0 &&
          errno == ESRCH) {
        continue;
      }
      ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
      int status = 0;
      if (::waitpid(thread, &status, __WALL) != thread) {
        throw std::runtime_error("a thread could not be held");
      }
    }
  }

 private:
  std::string Name(pid_t thread) const {
    std::string name;
    std::ifstream file("/proc/" + std::to_string(pid_) + "/task/" +
                       std::to_string(thread) + "/comm");
    std::getline(file, name);
    return name;
  }

  struct Stream {
    const std::string& Await(const std::string& expected) {
      while (text.find(expected) == std::string::npos) {
        if (!ReadMore()) throw std::runtime_error("only this came:\n" + text);
      }
      return text;
    }
    std::string ReadToEnd() {
      while (ReadMore()) {
      }
      return text;
    }
    bool ReadMore() {
      pollfd waiting{fd.get(), POLLIN, 0};
      char buffer[4096];
      if (::poll(&waiting, 1, 10'000) != 1) return false;
      const ssize_t size = ::read(fd.get(), buffer, sizeof buffer);
      if (size <= 0) return false;
      text.append(buffer, static_cast<size_t>(size));
      return true;
    }

    UniqueFd fd;
    std::string text;
  };

  [[noreturn]] static void Execute(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), LEAK_EXPORTER_PROGRAM);
    // A system call that the filter does not know fails the test.
    if (std::find(arguments.begin(), arguments.end(), "check-config") ==
        arguments.end()) {
      arguments.push_back("--security.unneeded-calls=" LEAK_UNNEEDED_CALLS);
    }
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    ::execv(LEAK_EXPORTER_PROGRAM, pointers.data());
    ::_exit(127);
  }

  pid_t pid_ = 0;
  bool ended_ = false;
  Stream out_;
  Stream err_;
};

}  // namespace leak_exporter
