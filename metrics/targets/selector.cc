#include "metrics/targets/selector.h"

#include <fcntl.h>

#include <utility>

#include "metrics/base/read_file.h"
#include "metrics/procfs/pids.h"
#include "metrics/procfs/process_handle.h"
#include "metrics/procfs/text.h"

namespace leak_exporter {
namespace {

using procfs::Stat;

/// How long a process is young, and how long a verdict on an old one stands.
constexpr std::chrono::nanoseconds kSettling = std::chrono::minutes(1);

bool HasEnded(const Stat& stat) {
  return stat.state == 'X' || (stat.state == 'Z' && stat.num_threads <= 1);
}

bool ShowsExec(const Stat& stat) {
  return stat.start_stack != 0 || (stat.flags & procfs::kKernelThread) != 0;
}

}  // namespace

void Selector::BeginGeneration(std::chrono::nanoseconds now) {
  now_ = now;
  ++generation_;
}

void Selector::EndGeneration() {
  std::erase_if(verdicts_, [this](const auto& entry) {
    return entry.second.generation != generation_;
  });
}

std::vector<MatchedProcess> Selector::Select(const std::vector<pid_t>& pids,
                                             ErrorTally& errors) {
  std::vector<MatchedProcess> selected;
  for (const pid_t pid : pids) {
    const Checked checked = Check(pid, errors);
    if (checked.matches) selected.push_back({pid, checked.parent_pid});
  }
  return selected;
}

std::vector<MatchedProcess> Selector::SelectFromAll(
    const std::function<bool(pid_t)>& skip, ErrorTally& errors) {
  std::vector<MatchedProcess> selected;
  const auto entries = procfs::ListPids(fs_);
  if (!entries) {
    errors.Add(entries.error());
    return selected;
  }
  const auto own_pid = OwnPid();
  const auto kernel_threads_before = std::exchange(kernel_threads_, {});
  for (const auto& [pid, inode] : *entries) {
    if (pid == own_pid || skip(pid)) continue;
    const auto before = kernel_threads_before.find(pid);
    if (before != kernel_threads_before.end() && before->second == inode) {
      kernel_threads_.insert(*before);
      continue;
    }
    const Checked checked = Check(pid, errors);
    if (checked.matches) {
      selected.push_back({pid, checked.parent_pid});
    } else if (checked.kernel_thread) {
      kernel_threads_.emplace(pid, inode);
    }
  }
  return selected;
}

Selector::Checked Selector::Check(pid_t pid, ErrorTally& errors) {
  const auto stat = procfs::ReadStat(fs_, pid, buffer_);
  if (!stat) {
    errors.Add(stat.error());
    return {};
  }
  const bool kernel_thread = (stat->flags & procfs::kKernelThread) != 0;
  const pid_t parent_pid = stat->parent_pid;
  // The comm in stat is a view of the buffer that matching reads into.
  return {Matches(pid, *stat, errors), kernel_thread, parent_pid};
}

bool Selector::Matches(pid_t pid, const Stat& stat, ErrorTally& errors) {
  if (HasEnded(stat) || !matcher_.MatchesComm(stat.comm)) return false;
  if (!matcher_.reads_process()) return true;
  Program program{stat.start_time_ticks, std::string(stat.comm),
                  stat.flags & procfs::kForkedButNotExeced, stat.start_code,
                  stat.start_stack};
  Verdict& verdict = verdicts_[pid];
  if (verdict.program != program) {
    verdict = Verdict();
    verdict.program = std::move(program);
    verdict.first_seen = now_;
  }
  verdict.generation = generation_;
  if (!Stands(verdict, stat)) Decide(pid, stat.state, verdict, errors);
  return verdict.matches;
}

bool Selector::Stands(const Verdict& verdict, const Stat& stat) const {
  return verdict.decided && ShowsExec(stat) &&
         now_ - verdict.first_seen >= kSettling &&
         now_ - *verdict.decided < kSettling;
}

void Selector::Decide(pid_t pid, char state, Verdict& verdict,
                      ErrorTally& errors) {
  const auto process = procfs::ProcessHandle::Open(fs_, pid);
  if (!process) {
    errors.Add(process.error());
    verdict.matches = false;
    return;
  }
  if (process->id().start_time_ticks != verdict.program.start_time_ticks) {
    // The pid has just become another's, who is asked in the next discovery.
    verdict.matches = false;
    return;
  }
  const auto answer = matcher_.MatchesProcess(*process, state, buffer_, errors);
  if (answer == Matcher::Answer::kLater) return;
  verdict.matches = answer == Matcher::Answer::kYes;
  verdict.decided = now_;
}

std::optional<pid_t> Selector::OwnPid() const {
  const auto own = ReadLinkAt(AT_FDCWD, fs_.Path("self").c_str());
  // A proc filesystem of another pid namespace shows no such process.
  return own ? procfs::ParseNumber<pid_t>(*own) : std::nullopt;
}

}  // namespace leak_exporter
