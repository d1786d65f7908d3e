#include "metrics/targets/machine_processes.h"

#include <fcntl.h>

#include <utility>

#include "metrics/base/read_file.h"
#include "metrics/procfs/stat.h"
#include "metrics/procfs/text.h"

namespace leak_exporter {

const Result<MachineProcesses::Listing>& MachineProcesses::List() {
  if (listing_) return *listing_;
  listing_.emplace(ReadList());
  if (*listing_) {
    kernel_threads_.KeepOnly((*listing_)->entries);
    found_.reserve((*listing_)->entries.size());
  }
  return *listing_;
}

const Result<FoundProcess>& MachineProcesses::Find(pid_t pid) {
  const auto known = found_.find(pid);
  if (known != found_.end()) return known->second;
  kernel_threads_.Forget(pid);
  return found_.emplace(pid, Read(pid)).first->second;
}

const Result<FoundProcess>& MachineProcesses::Find(
    const procfs::NumberedEntry& entry) {
  const auto known = found_.find(entry.number);
  if (known != found_.end()) return known->second;
  if (const FoundProcess* const thread = kernel_threads_.Find(entry)) {
    return found_.emplace(entry.number, *thread).first->second;
  }
  const auto& found =
      found_.emplace(entry.number, Read(entry.number)).first->second;
  if (found && found->kernel_thread) kernel_threads_.Remember(entry, *found);
  return found;
}

Result<FoundProcess> MachineProcesses::Read(pid_t pid) {
  const auto stat = procfs::ReadStat(fs_, pid, buffer_);
  if (stat) return FoundProcess::Of(pid, *stat);
  exhausted_ = exhausted_ || IsExhausted(stat.error());
  return tl::unexpected<Error>(stat.error());
}

Result<MachineProcesses::Listing> MachineProcesses::ReadList() {
  auto entries = procfs::ListPids(fs_);
  if (!entries) return tl::unexpected<Error>(entries.error());
  Listing listing;
  listing.entries = *std::move(entries);
  if (const auto own = ReadLinkAt(AT_FDCWD, fs_.Path("self").c_str())) {
    listing.own_pid = procfs::ParseNumber<pid_t>(*own);
  }
  return listing;
}

}  // namespace leak_exporter
