#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>

namespace leak_exporter {

/// Standard output of a shell command that must succeed: another program's
/// opinion of what is tested.
inline std::string CommandOutput(const std::string& command) {
  FILE* const pipe = ::popen(command.c_str(), "re");
  if (pipe == nullptr) throw std::runtime_error("popen: " + command);
  std::string output;
  char buffer[4096];
  size_t count = 0;
  while ((count = std::fread(buffer, 1, sizeof buffer, pipe)) > 0) {
    output.append(buffer, count);
  }
  if (::pclose(pipe) != 0) throw std::runtime_error("failed: " + command);
  return output;
}

}  // namespace leak_exporter
