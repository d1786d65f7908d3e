#include "exporter/schedule/outstanding_work.h"

#include <algorithm>

namespace leak_exporter {

tl::expected<OutstandingWork::Claim, OutstandingWork::TimePoint>
OutstandingWork::TryClaim(const WorkKey& key, TimePoint now,
                          std::weak_ptr<Waiter> waiter) {
  const std::lock_guard lock(mutex_);
  const auto entry = std::ranges::find_if(
      entries_, [&key](const Entry& other) { return other.key.IsSameAs(key); });
  if (entry != entries_.end()) {
    entry->waiters.insert(std::move(waiter));
    return tl::unexpected(entry->since);
  }
  entries_.push_back({++claims_, key, now});
  return Claim(shared_from_this(), claims_);
}

void OutstandingWork::Release(uint64_t number) {
  std::set<std::weak_ptr<Waiter>, std::owner_less<>> waiters;
  {
    const std::lock_guard lock(mutex_);
    const auto entry = std::ranges::find(entries_, number, &Entry::number);
    waiters.swap(entry->waiters);
    entries_.erase(entry);
  }
  for (const auto& waiter : waiters) {
    if (const auto waiting = waiter.lock()) waiting->Resume();
  }
}

}  // namespace leak_exporter
