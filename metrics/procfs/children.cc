#include "metrics/procfs/children.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "metrics/procfs/pids.h"
#include "metrics/procfs/text.h"

namespace leak_exporter::procfs {
namespace {

std::string TaskFile(pid_t thread, std::string_view name) {
  std::string path = "task/";
  path += std::to_string(thread);
  path += '/';
  path += name;
  return path;
}

/// Why a thread's children file was not found. A thread that exists and has no
/// such file tells of the kernel (ENOSYS), and not of the thread.
Error WhyMissing(const ProcessHandle& process, pid_t thread) {
  const auto stat = process.OpenAt(TaskFile(thread, "stat").c_str(), O_PATH);
  if (!stat) return stat.error();
  const std::string name = TaskFile(thread, "children");
  const auto children = process.OpenAt(name.c_str(), O_PATH);
  // Another thread has that number by now.
  if (children) return {ESRCH, process.Path(name) + ": the thread has ended"};
  if (children.error().code != ENOENT) return children.error();
  return {ENOSYS, process.Path(name) + ": not in this kernel"};
}

Result<void> ReadChildrenOfThread(const ProcessHandle& process, pid_t thread,
                                  std::string& buffer,
                                  std::vector<pid_t>& children) {
  const std::string name = TaskFile(thread, "children");
  const auto text = process.Read(name.c_str(), buffer);
  if (!text) {
    return tl::unexpected<Error>(text.error().code == ENOENT
                                     ? WhyMissing(process, thread)
                                     : text.error());
  }
  return ParseChildren(*text, children).map_error([&](Error error) {
    return AtPath(process.Path(name), std::move(error));
  });
}

}  // namespace

Result<void> ParseChildren(std::string_view text,
                           std::vector<pid_t>& children) {
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const auto pid = ParseNumber<pid_t>(text.substr(0, end));
    // Each pid is followed by a blank; one that is not is torn.
    if (!pid || *pid == 0 || end == text.size()) {
      return tl::unexpected<Error>(
          Malformed(1, "bad child", text.substr(0, end)));
    }
    children.push_back(*pid);
    text.remove_prefix(end + 1);
  }
  return {};
}

Result<void> ReadChildren(const ProcessHandle& process, uint32_t threads,
                          std::string& buffer, std::vector<pid_t>& children) {
  if (threads == 1) {
    return ReadChildrenOfThread(process, process.pid(), buffer, children);
  }
  auto directory = process.OpenAt("task", O_RDONLY | O_DIRECTORY);
  if (!directory) return tl::unexpected<Error>(directory.error());
  const auto threads_now =
      ListNumbers(std::move(*directory), process.Path("task"));
  if (!threads_now) return tl::unexpected<Error>(threads_now.error());
  bool all = true;
  for (const NumberedEntry& thread : *threads_now) {
    const auto read =
        ReadChildrenOfThread(process, thread.number, buffer, children);
    if (!read && !IsGone(read.error())) return read;
    all = all && read;
  }
  if (all) return {};
  // A thread has ended, or the process has.
  return process.OpenAt("stat", O_PATH).map([](const UniqueFd&) {});
}

}  // namespace leak_exporter::procfs
