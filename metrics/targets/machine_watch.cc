#include "metrics/targets/machine_watch.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "metrics/base/helper_comm.h"
#include "metrics/base/read_file.h"
#include "metrics/procfs/stat.h"
#include "metrics/procfs/text.h"

namespace leak_exporter {

/// One look under way.
struct MachineWatch::Work {
  const Deadline& deadline;
  /// The exporter's pid. Absent where /proc is of another pid namespace, which
  /// does not show the exporter.
  std::optional<pid_t> own_pid = std::nullopt;
  std::vector<FoundProcess> processes = {};
  std::vector<MachineLook::Answer> answers = {};
  ErrorTally errors = {};
  bool incomplete = false;

  /// Whether it is the exporter, or a process that the exporter started for
  /// itself.
  bool IsOwn(const FoundProcess& process) const {
    return own_pid &&
           (process.pid == *own_pid || (process.parent_pid == *own_pid &&
                                        process.program.comm == kHelperComm));
  }
};

std::shared_ptr<const MachineLook> MachineWatch::Look(
    const RuleBook::Rules& rules, const Clock& clock,
    const Deadline& deadline) {
  const auto began = clock.Now();
  TakeRules(rules);
  Work work{.deadline = deadline};
  work.answers.resize(rules_->rules().size());
  verdicts_.BeginGeneration(clock.SinceBoot());
  const auto entries = procfs::ListPids(fs_);
  if (entries) {
    if (const auto own = ReadLinkAt(AT_FDCWD, fs_.Path("self").c_str())) {
      work.own_pid = procfs::ParseNumber<pid_t>(*own);
    }
    kernel_threads_.KeepOnly(*entries);
    ReadAll(*entries, work);
  } else {
    work.errors.Add(entries.error());
    work.incomplete = IsExhausted(entries.error());
  }
  if (!work.incomplete) verdicts_.EndGeneration();
  return std::make_shared<const MachineLook>(
      began, std::move(work.processes), rules_, std::move(work.answers),
      std::move(work.errors), work.incomplete);
}

void MachineWatch::TakeRules(const RuleBook::Rules& rules) {
  if (rules_ != nullptr && rules_->rules() == rules) return;
  rules_ = std::make_shared<const RuleBook>(rules);
  verdicts_.SetRules(rules_);
}

void MachineWatch::ReadAll(const std::vector<procfs::NumberedEntry>& entries,
                           Work& work) {
  work.processes.reserve(entries.size());
  for (const procfs::NumberedEntry& entry : entries) {
    if (work.deadline.Expired()) {
      work.incomplete = true;
      return;
    }
    auto process = Read(entry, work);
    if (!process) continue;
    if (!work.IsOwn(*process)) Judge(*process, work);
    work.processes.push_back(*std::move(process));
  }
  // The kernel lists them in this order; nothing promises it.
  if (std::ranges::is_sorted(work.processes, {}, &FoundProcess::pid)) return;
  std::ranges::sort(work.processes, {}, &FoundProcess::pid);
  for (MachineLook::Answer& answer : work.answers) {
    std::ranges::sort(answer.matches);
  }
}

std::optional<FoundProcess> MachineWatch::Read(
    const procfs::NumberedEntry& entry, Work& work) {
  if (const FoundProcess* const thread = kernel_threads_.Find(entry)) {
    return *thread;
  }
  kernel_threads_.Forget(entry.number);
  const auto stat = procfs::ReadStat(fs_, entry.number, buffer_);
  if (!stat) {
    work.errors.Add(stat.error());
    work.incomplete = work.incomplete || IsExhausted(stat.error());
    return std::nullopt;
  }
  FoundProcess found = FoundProcess::Of(entry.number, *stat);
  if (found.kernel_thread) kernel_threads_.Remember(entry, found);
  return found;
}

void MachineWatch::Judge(const FoundProcess& process, Work& work) {
  const Verdicts::Verdict& verdict = verdicts_.Judge(process);
  for (const RuleBook::Index rule : verdict.matches) {
    work.answers[rule].matches.push_back(process.pid);
  }
  for (const auto& [rule, error] : verdict.errors) {
    if (IsExhausted(error)) {
      // No target has an answer then, and each has to know why.
      work.errors.Add(error);
      work.incomplete = true;
    } else {
      work.answers[rule].errors.Add(error);
    }
  }
}

}  // namespace leak_exporter
