#include "metrics/disk/walk_state.h"

#include <limits.h>

#include <cerrno>
#include <utility>

namespace leak_exporter {

WalkState::WalkState(const FileRoot& root, const MeasureOptions& options,
                     const Deadline& deadline, uint64_t device)
    : root_(root),
      options_(options),
      deadline_(deadline),
      device_(device),
      links_(options.max_hard_linked_inodes) {}

void WalkState::AddWorker() {
  const std::lock_guard lock(mutex_);
  ++workers_;
}

void WalkState::RemoveWorker() {
  const std::lock_guard lock(mutex_);
  --workers_;
}

void WalkState::Offer(WalkedDirectory directory) {
  const std::lock_guard lock(mutex_);
  offers_.push_back(std::move(directory));
  UpdateIdle();
  changed_.notify_one();
}

std::optional<WalkedDirectory> WalkState::Take() {
  std::unique_lock lock(mutex_);
  ++waiting_;
  UpdateIdle();
  if (waiting_ == workers_) changed_.notify_all();
  changed_.wait(lock, [this] {
    return stopped() || !offers_.empty() || waiting_ == workers_;
  });
  // A worker that ends stays counted as waiting, so that the others end too.
  if (stopped() || offers_.empty()) return std::nullopt;
  std::optional<WalkedDirectory> directory(std::move(offers_.back()));
  offers_.pop_back();
  --waiting_;
  UpdateIdle();
  return directory;
}

void WalkState::UpdateIdle() {
  idle_.store(static_cast<int>(waiting_) - static_cast<int>(offers_.size()),
              std::memory_order_relaxed);
}

void WalkState::Progress(const std::string& path, uint64_t entries) {
  const uint64_t before =
      entries_.fetch_add(entries, std::memory_order_relaxed);
  if (before + entries > options_.max_entries) {
    Stop(0, path,
         "more than " + std::to_string(options_.max_entries) +
             " entries, measured no further");
  } else if (deadline_.Expired()) {
    Stop(ETIMEDOUT, path, "not measured in time");
  }
}

std::optional<bool> WalkState::IsFirstLink(const FileId& id) {
  const std::lock_guard lock(links_mutex_);
  switch (links_.Insert(id)) {
    case FileIdSet::Outcome::kNew:
      return true;
    case FileIdSet::Outcome::kKnown:
      return false;
    case FileIdSet::Outcome::kFull:
      break;
  }
  return std::nullopt;
}

void WalkState::Stop(int code, std::string_view path, std::string_view what) {
  const std::lock_guard lock(mutex_);
  if (!error_) {
    error_ = Error{code, std::string(path.substr(0, PATH_MAX))};
    if (path.size() > PATH_MAX) error_->message += "...";
    error_->message.append(": ").append(what);
  }
  stopped_.store(true, std::memory_order_relaxed);
  changed_.notify_all();
}

}  // namespace leak_exporter
