#include "metrics/targets/selector.h"

#include "metrics/procfs/process_handle.h"

namespace leak_exporter {
namespace {

/// How long a process is young, and how long a verdict on an old one stands.
constexpr std::chrono::nanoseconds kSettling = std::chrono::minutes(1);

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

bool Selector::Matches(const FoundProcess& process, ErrorTally& errors) {
  if (process.ended || !matcher_.MatchesComm(process.program.comm)) {
    return false;
  }
  if (!matcher_.reads_process()) return true;
  Verdict& verdict = verdicts_[process.pid];
  if (verdict.program != process.program) {
    verdict = Verdict();
    verdict.program = process.program;
    verdict.first_seen = now_;
  }
  verdict.generation = generation_;
  if (!Stands(verdict, process)) Decide(process, verdict, errors);
  return verdict.matches;
}

bool Selector::Stands(const Verdict& verdict,
                      const FoundProcess& process) const {
  if (!verdict.decided) return false;
  if (process.kernel_thread && !verdict.matches) return true;
  return process.shows_exec() && now_ - verdict.first_seen >= kSettling &&
         now_ - *verdict.decided < kSettling;
}

void Selector::Decide(const FoundProcess& found, Verdict& verdict,
                      ErrorTally& errors) {
  const auto process = procfs::ProcessHandle::Open(fs_, found.pid);
  if (!process) {
    errors.Add(process.error());
    verdict.matches = false;
    return;
  }
  if (process->id().start_time_ticks != found.program.start_time_ticks) {
    // The pid has just become another's, who is asked in the next discovery.
    verdict.matches = false;
    return;
  }
  const auto answer =
      matcher_.MatchesProcess(*process, found.state, buffer_, errors);
  if (answer == Matcher::Answer::kLater) return;
  verdict.matches = answer == Matcher::Answer::kYes;
  verdict.decided = now_;
}

}  // namespace leak_exporter
