#pragma once

#include <future>
#include <mutex>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "metrics/base/unique_fd.h"

namespace leak_exporter {

/// The outcome of a reload: success, or every mistake in the file, one a line.
using ReloadResult = tl::expected<void, std::vector<std::string>>;

/// Passes requests to reload from any thread to the main thread, and the
/// outcome back. Thread-safe.
class ReloadQueue {
 public:
  /// Each is owed an outcome.
  using Requests = std::vector<std::promise<ReloadResult>>;

  /// Throws std::system_error if no descriptor is available.
  ReloadQueue();

  /// Asks for a reload and waits for its outcome.
  ReloadResult Request();

  /// Readable while requests wait.
  int fd() const { return wakeup_.get(); }
  /// Takes the requests that wait.
  Requests TakeAll();

  /// Refuses `taken`, the waiting requests and all later ones.
  void Close(Requests taken);

 private:
  UniqueFd wakeup_;
  std::mutex mutex_;
  Requests waiting_;
  bool closed_ = false;
};

}  // namespace leak_exporter
