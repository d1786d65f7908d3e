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
  /// Invalid while the directory is set aside because too many were open.
  UniqueFd fd;
  /// The name within its parent. For the first directory of a worker it is the
  /// whole path.
  std::string name;
  /// The names of the subdirectories still to be entered, each ended by a NUL.
  std::string pending;
  /// Whether all names in it have been read.
  bool read_whole = false;
  /// How many levels it is below the directory to measure.
  size_t depth = 0;
  /// What it takes to find the directory again once it is set aside, and the
  /// place up to which it has been read.
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
  /// The device of the directory to measure.
  uint64_t device() const { return device_; }

  /// Counts one more worker. Each is counted before it calls Take.
  void AddWorker();
  /// Takes back an AddWorker whose thread could not be started.
  void RemoveWorker();

  /// Whether a worker has nothing to do while nothing is on offer. Cheap and
  /// approximate.
  bool SomeoneIsIdle() const {
    return idle_.load(std::memory_order_relaxed) > 0;
  }
  /// Offers a directory to whichever worker takes it first.
  void Offer(WalkedDirectory directory);
  /// Waits for a directory on offer. Returns none once every worker waits or
  /// the walk was stopped; the worker must not call it again then.
  std::optional<WalkedDirectory> Take();

  /// Counts entries. Stops the walk past their limit and past the deadline,
  /// with an error about `path`.
  void Progress(const std::string& path, uint64_t entries);

  /// Whether this is the first name of the inode that the walk sees. Absent
  /// where that is unknown because there are too many inodes to remember.
  std::optional<bool> IsFirstLink(const FileId& id);

  /// Ends the walk with the error "PATH: WHAT". The first error counts. A path
  /// longer than PATH_MAX is cut.
  void Stop(int code, std::string_view path, std::string_view what);
  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }
  /// Why the walk was stopped, if it was. To be asked once all workers have
  /// ended.
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
  /// About as many as there are idle workers.
  std::vector<WalkedDirectory> offers_;
  size_t workers_ = 0;
  size_t waiting_ = 0;
  std::optional<Error> error_;

  std::mutex links_mutex_;
  FileIdSet links_;
};

}  // namespace leak_exporter
