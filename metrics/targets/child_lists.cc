#include "metrics/targets/child_lists.h"

#include <cerrno>

#include "metrics/procfs/children.h"

namespace leak_exporter {

bool KernelChildLists::List(const KnownProcess& parent,
                            std::vector<pid_t>& children) {
  children.clear();
  if (table_.kernel_lists_children()) {
    const auto read =
        procfs::ReadChildren(*parent.handle, parent.threads, buffer_, children);
    if (read) return true;
    if (read.error().code != ENOSYS) {
      errors_.Add(read.error());
      return false;
    }
    table_.KernelDoesNotListChildren();
  }
  if (!scanned_) ScanAllParents();
  const auto [first, last] = scanned_->equal_range(parent.handle->pid());
  for (auto child = first; child != last; ++child) {
    children.push_back(child->second);
  }
  return true;
}

void KernelChildLists::ScanAllParents() {
  scanned_.emplace();
  const auto& listing = machine_.List();
  if (!listing) {
    errors_.Add(listing.error());
    return;
  }
  for (const procfs::NumberedEntry& entry : listing->entries) {
    if (deadline_.Expired()) return;
    const auto& process = machine_.Find(entry);
    if (process) {
      scanned_->emplace(process->parent_pid, entry.number);
    } else {
      errors_.Add(process.error());
    }
  }
}

bool LookChildLists::List(const KnownProcess& parent,
                          std::vector<pid_t>& children) {
  const auto found = look_.ChildrenOf(parent.handle->pid());
  children.assign(found.begin(), found.end());
  return true;
}

}  // namespace leak_exporter
