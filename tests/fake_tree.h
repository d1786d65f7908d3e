#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/fake_proc.h"

namespace leak_exporter {

/// A process that a test makes up.
struct FakeProcess {
  pid_t parent = 1;
  std::string comm = "app";
  char state = 'S';
  uint32_t threads = 1;
  uint64_t start_time_ticks = 100;
  uint64_t context_switches = 10;
  uint64_t start_stack = 7000;
  uint32_t flags = 0;
  uint32_t effective_uid = 0;
  pid_t namespace_pid = 0;
  /// Absent: no Vm lines.
  std::optional<uint64_t> resident_kilobytes = 1000;
  std::string cmdline;
  std::string cgroup = "0::/\n";
};

/// A made-up proc filesystem of processes that list each other as children.
class FakeTree {
 public:
  FakeProcess& operator[](pid_t pid) { return processes_[pid]; }
  void Erase(pid_t pid) { processes_.erase(pid); }

  const std::string& root() const { return proc_.root(); }
  procfs::ProcFs fs() const { return proc_.fs(); }

  /// Makes the files say what the processes are now. A pid whose start time is
  /// another than before is another process.
  void Sync() {
    for (const auto& [pid, start_time] : written_) {
      const auto now = processes_.find(pid);
      if (now == processes_.end() ||
          now->second.start_time_ticks != start_time) {
        std::filesystem::remove_all(root() + "/" + std::to_string(pid));
      }
    }
    written_.clear();
    for (const auto& [pid, process] : processes_) {
      written_[pid] = process.start_time_ticks;
      WriteFiles(pid, process);
    }
  }

  /// Overwrites a file until the next Sync.
  void Write(pid_t pid, const std::string& name,
             std::string_view content) const {
    proc_.Write(std::to_string(pid) + "/" + name, content);
  }
  /// Makes it a filesystem of the test's own pid namespace.
  void WriteSelf() const { proc_.Write("self/stat", ""); }
  void WriteChildren(pid_t pid, std::string_view content) const {
    Write(pid, "task/" + std::to_string(pid) + "/children", content);
  }

 private:
  void WriteFiles(pid_t pid, const FakeProcess& process) const {
    Write(pid, "stat", Stat(pid, process));
    Write(pid, "task/" + std::to_string(pid) + "/stat", Stat(pid, process));
    Write(pid, "status", Status(pid, process));
    Write(pid, "cmdline", process.cmdline);
    Write(pid, "cgroup", process.cgroup);
    std::string children;
    for (const auto& [child, other] : processes_) {
      if (other.parent == pid) children += std::to_string(child) + " ";
    }
    WriteChildren(pid, children);
  }

  static std::string Stat(pid_t pid, const FakeProcess& process) {
    return std::to_string(pid) + " (" + process.comm + ") " + process.state +
           " " + std::to_string(process.parent) + " 1 1 0 -1 " +
           std::to_string(process.flags) + " 0 0 0 0 0 0 0 0 20 0 " +
           std::to_string(process.threads) + " 0 " +
           std::to_string(process.start_time_ticks) + " 0 0 0 1 1 " +
           std::to_string(process.start_stack) + " 0\n";
  }

  static std::string Status(pid_t pid, const FakeProcess& process) {
    const auto line = [](const char* key, uint64_t value, const char* unit) {
      return std::string(key) + ":\t" + std::to_string(value) + unit + "\n";
    };
    const pid_t inner =
        process.namespace_pid != 0 ? process.namespace_pid : pid;
    std::string text = "Name:\t" + process.comm + "\nState:\t" + process.state +
                       " (x)\nPid:\t" + std::to_string(pid) + "\nPPid:\t" +
                       std::to_string(process.parent) + "\nUid:\t7\t" +
                       std::to_string(process.effective_uid) +
                       "\t7\t7\nNSpid:\t" + std::to_string(pid) + "\t" +
                       std::to_string(inner) + "\n";
    if (const auto resident = process.resident_kilobytes) {
      text += line("VmHWM", 2 * *resident, " kB") +
              line("VmRSS", *resident, " kB") +
              line("RssAnon", *resident / 2, " kB") +
              line("RssFile", *resident / 4, " kB") +
              line("RssShmem", *resident / 4, " kB") +
              line("VmSwap", *resident / 10, " kB");
    }
    return text + line("Threads", process.threads, "") +
           line("voluntary_ctxt_switches", process.context_switches, "") +
           line("nonvoluntary_ctxt_switches", 0, "");
  }

  FakeProc proc_;
  std::map<pid_t, FakeProcess> processes_;
  std::map<pid_t, uint64_t> written_;
};

}  // namespace leak_exporter
