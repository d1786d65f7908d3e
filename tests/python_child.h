#pragma once

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace leak_exporter {

/// A Python interpreter that runs a script for one test. The script prints what
/// it has to say, a line with a single dot at its end, and waits for its
/// standard input: `print(...); print('.'); sys.stdout.flush(); os.read(0, 1)`.
/// It is killed when this object ends, or when the test does.
class PythonChild {
 public:
  PythonChild(const std::string& interpreter, const std::string& script) {
    std::array<int, 2> input{};
    std::array<int, 2> output{};
    if (::pipe2(input.data(), O_CLOEXEC) != 0 ||
        ::pipe2(output.data(), O_CLOEXEC) != 0) {
      throw std::runtime_error("pipe failed");
    }
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(input[0], STDIN_FILENO);
      ::dup2(output[1], STDOUT_FILENO);
      ::execl(interpreter.c_str(), interpreter.c_str(), "-c", script.c_str(),
              nullptr);
      ::_exit(127);
    }
    ::close(input[0]);
    ::close(output[1]);
    input_ = input[1];
    output_ = output[0];
    ReadUntilDot();
  }
  PythonChild(const PythonChild&) = delete;
  PythonChild& operator=(const PythonChild&) = delete;
  ~PythonChild() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::close(input_);
    ::close(output_);
  }

  pid_t pid() const { return pid_; }
  /// What it has printed until it printed the last dot.
  const std::string& output() const { return text_; }

  /// Lets it go on until it prints the next dot.
  void Continue() {
    if (::write(input_, "\n", 1) != 1) throw std::runtime_error("write failed");
    ReadUntilDot();
  }

 private:
  void ReadUntilDot() {
    text_.clear();
    char byte = 0;
    while (!text_.ends_with("\n.\n") && text_ != ".\n") {
      if (::read(output_, &byte, 1) != 1) {
        throw std::runtime_error("the interpreter ended: " + text_);
      }
      text_ += byte;
    }
    text_.resize(text_.size() - 2);
  }

  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  std::string text_;
};

/// This system's interpreter, which must be there, and every pyenv version.
inline std::vector<std::string> PythonInterpreters() {
  std::vector<std::string> interpreters = {"/usr/bin/python3"};
  const char* root = std::getenv("PYENV_ROOT");
  const char* home = std::getenv("HOME");
  const std::filesystem::path versions =
      std::filesystem::path(root != nullptr
                                ? root
                                : std::string(home != nullptr ? home : "") +
                                      "/.pyenv") /
      "versions";
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator(versions, ignored)) {
    const auto python = entry.path() / "bin" / "python";
    if (std::filesystem::exists(python, ignored)) {
      interpreters.push_back(python.string());
    }
  }
  return interpreters;
}

}  // namespace leak_exporter
