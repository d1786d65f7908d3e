#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/base/deadline.h"
#include "metrics/base/result.h"
#include "metrics/base/unique_fd.h"
#include "metrics/disk/file_id.h"
#include "metrics/disk/file_id_set.h"
#include "metrics/disk/file_root.h"
#include "metrics/disk/measure_options.h"

namespace leak_exporter {

/// A directory that is being walked.
struct WalkedDirectory {
  /// Invalid while set aside because too many were open.
  UniqueFd fd;
  /// Within its parent; the whole path for the first directory of a worker.
  std::string name;
  /// Subdirectories still to be entered, each ended by a NUL.
  std::string pending;
  bool read_whole = false;
  /// Levels below the directory to measure.
  size_t depth = 0;
  /// What it takes to find it and its place again once set aside.
  FileId id;
  int64_t position = 0;
};

/// What the threads of one walk share. Thread-safe.
class WalkState {
 public:
  WalkState(const FileRoot& root, const MeasureOptions& options,
            const Deadline& deadline, uint64_t device);

  const FileRoot& root() const { return root_; }
  const MeasureOptions& options() const { return options_; }
  /// The filesystem of the directory to measure.
  uint64_t device() const { return device_; }

  /// Counts a further worker; before it starts to Take.
  void AddWorker();
  /// Takes back an AddWorker whose thread could not be started.
  void RemoveWorker();

  /// A worker has nothing to do and nothing is on offer. Cheap and approximate.
  bool SomeoneIsIdle() const {
    return idle_.load(std::memory_order_relaxed) > 0;
  }
  void Offer(WalkedDirectory directory);
  /// Waits for work; none once every worker waits or the walk was stopped.
  std::optional<WalkedDirectory> Take();

  /// Counts entries, and stops the walk at the limit and the deadline.
  void Progress(const std::string& path, uint64_t entries);

  /// Whether this is the first name of the inode to be seen; absent where that
  /// is not known because there are too many.
  std::optional<bool> IsFirstLink(const FileId& id);

  /// Ends the walk; the first error is the walk's: "PATH: WHAT", the path cut
  /// to what a path may be.
  void Stop(int code, std::string_view path, std::string_view what);
  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }
  /// Once all workers have ended.
  const std::optional<Error>& error() const { return error_; }

 private:
  void UpdateIdle();

  const FileRoot& root_;
  const MeasureOptions& options_;
  const Deadline& deadline_;
  const uint64_t device_;

  std::atomic<int> idle_ = 0;
  std::atomic<bool> stopped_ = false;
  std::atomic<uint64_t> entries_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  /// As many as there are idle workers, about.
  std::vector<WalkedDirectory> offers_;
  size_t workers_ = 0;
  size_t waiting_ = 0;
  std::optional<Error> error_;

  std::mutex links_mutex_;
  FileIdSet links_;
};

}  // namespace leak_exporter
