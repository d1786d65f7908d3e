#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <exception>
#include <functional>
#include <stdexcept>
#include <string>

#include "metrics/base/unique_fd.h"

namespace leak_exporter {

/// Runs `body` in a forked child, which may give up rights or enter namespaces
/// that this process keeps, and returns what it returned, or what it threw
/// said. The child ends after a minute at the latest; one that ends by a signal
/// throws.
inline std::string InChild(const std::function<std::string()>& body) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork");
  if (child == 0) {
    ::alarm(60);
    std::string text;
    try {
      text = body();
    } catch (const std::exception& error) {
      text = error.what();
    }
    const bool whole = ::write(write_end.get(), text.data(), text.size()) ==
                       static_cast<ssize_t>(text.size());
    ::_exit(whole ? 0 : 1);
  }
  write_end.Reset();
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t count = ::read(read_end.get(), buffer, sizeof buffer);
    if (count <= 0) break;
    text.append(buffer, static_cast<size_t>(count));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) throw std::runtime_error("the child failed");
  return text;
}

}  // namespace leak_exporter
