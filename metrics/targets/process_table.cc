#include "metrics/targets/process_table.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "metrics/procfs/stat.h"

namespace leak_exporter {
namespace {

using procfs::ProcessHandle;
using procfs::Status;

/// To hundredths of a second: what the start time's unit can tell.
double UnixSeconds(const DiscoveryTime& now,
                   std::chrono::nanoseconds since_boot) {
  const std::chrono::duration<double> age = now.since_boot - since_boot;
  const std::chrono::duration<double> unix_now =
      now.wall_time.time_since_epoch();
  return std::round((unix_now - age).count() * 100) / 100;
}

/// Whether the process was off the CPU when it was last read, is now, and was
/// never switched out between. What its one thread did not do has not happened.
/// The kernel counts a switch on the way out: a process caught in the
/// instructions between going to sleep and that has run unnoticed, and is
/// noticed one discovery later.
bool CannotHaveRun(const KnownProcess& before, const Status& now) {
  const auto off_cpu = [](char state) {
    return state == 'S' || state == 'D' || state == 'T' || state == 't' ||
           state == 'Z';
  };
  return off_cpu(before.state) && off_cpu(now.state) && before.threads == 1 &&
         now.threads == 1 && now.context_switches.has_value() &&
         before.context_switches == now.context_switches;
}

}  // namespace

void ProcessTable::BeginGeneration(const DiscoveryTime& time) {
  ++generation_;
  time_ = time;
}

void ProcessTable::EndGeneration() {
  for (auto entry = processes_.begin(); entry != processes_.end();) {
    const auto next = std::next(entry);
    if (entry->second.generation != generation_) Erase(entry);
    entry = next;
  }
}

Result<ProcessTable::Reading> ProcessTable::Read(pid_t pid) {
  const auto entry = processes_.find(pid);
  if (entry != processes_.end()) {
    auto status = procfs::ReadStatus(*entry->second.handle, buffer_);
    if (status) return Reading{&entry->second, *std::move(status)};
    if (!IsGone(status.error())) return tl::unexpected<Error>(status.error());
    Erase(entry);
  }
  const auto opened = Open(pid);
  if (!opened) return tl::unexpected<Error>(opened.error());
  return procfs::ReadStatus(*(*opened)->handle, buffer_)
      .map([&](Status&& status) {
        return Reading{*opened, std::move(status)};
      });
}

KnownProcess* ProcessTable::Find(pid_t pid) {
  const auto entry = processes_.find(pid);
  return entry == processes_.end() ? nullptr : &entry->second;
}

std::vector<pid_t> ProcessTable::Unseen() const {
  std::vector<pid_t> unseen;
  for (const auto& [pid, known] : processes_) {
    if (known.generation == generation_ - 1 && known.generation != 0)
      unseen.push_back(pid);
  }
  std::sort(unseen.begin(), unseen.end());
  return unseen;
}

ProcessSample ProcessTable::Accept(Reading reading, pid_t main_pid) {
  KnownProcess& known = *reading.known;
  const Status& status = reading.status;
  const bool seen_before = known.generation != 0;
  const bool may_have_run = !seen_before || !CannotHaveRun(known, status);
  known.generation = generation_;
  if (may_have_run) known.last_run_generation = generation_;
  known.parent_pid = status.parent_pid;
  known.state = status.state;
  known.main_pid = main_pid;
  known.threads = status.threads;
  known.context_switches = status.context_switches;
  if (status.state != 'Z') {
    known.zombie_since_boot.reset();
  } else if (!known.zombie_since_boot) {
    known.zombie_since_boot = time_.since_boot;
  }
  return {.handle = known.handle,
          .status = std::move(reading.status),
          .start_since_boot = known.start_since_boot,
          .start_time_unix_seconds = known.start_time_unix_seconds,
          .main_pid = main_pid,
          .may_have_run = may_have_run,
          .last_run_generation = known.last_run_generation,
          .zombie_since_boot = known.zombie_since_boot};
}

Result<KnownProcess*> ProcessTable::Open(pid_t pid) {
  auto handle = ProcessHandle::Open(fs_, pid,
                                    descriptors_ < most_descriptors_
                                        ? ProcessHandle::Keep::kDescriptor
                                        : ProcessHandle::Keep::kNothing);
  if (!handle) return tl::unexpected<Error>(handle.error());
  if (handle->keeps_descriptor()) ++descriptors_;
  KnownProcess known;
  known.start_since_boot =
      procfs::StartSinceBoot(handle->id().start_time_ticks);
  known.start_time_unix_seconds = UnixSeconds(time_, known.start_since_boot);
  known.handle = std::make_shared<const ProcessHandle>(*std::move(handle));
  return &processes_.insert_or_assign(pid, std::move(known)).first->second;
}

void ProcessTable::Erase(
    std::unordered_map<pid_t, KnownProcess>::iterator entry) {
  if (entry->second.handle->keeps_descriptor()) --descriptors_;
  processes_.erase(entry);
}

}  // namespace leak_exporter
