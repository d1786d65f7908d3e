#include "metrics/targets/kernel_threads.h"

#include <utility>

namespace leak_exporter {

const FoundProcess* KernelThreads::Find(
    const procfs::NumberedEntry& entry) const {
  const auto thread = threads_.find(entry.number);
  if (thread == threads_.end() || thread->second.inode != entry.inode) {
    return nullptr;
  }
  return &thread->second.found;
}

void KernelThreads::Remember(const procfs::NumberedEntry& entry,
                             FoundProcess thread) {
  threads_.insert_or_assign(entry.number,
                            Thread{entry.inode, std::move(thread)});
}

void KernelThreads::KeepOnly(const std::vector<procfs::NumberedEntry>& listed) {
  if (threads_.empty()) return;
  std::unordered_map<pid_t, Thread> kept;
  for (const procfs::NumberedEntry& entry : listed) {
    if (Find(entry) != nullptr) kept.insert(threads_.extract(entry.number));
  }
  threads_ = std::move(kept);
}

}  // namespace leak_exporter
