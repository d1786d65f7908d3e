#pragma once

#include <functional>
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
/// outcome back. Only the main thread has a stack that is large enough for a
/// deeply nested file. Thread-safe.
class ReloadQueue {
 public:
  /// Throws std::system_error if no descriptor is available.
  ReloadQueue();

  /// Asks for a reload and waits for its outcome.
  ReloadResult Request();

  /// Readable while requests wait.
  int fd() const { return wakeup_.get(); }
  /// Calls `reload` once for all waiting requests. Does nothing if there are
  /// none.
  void Serve(const std::function<ReloadResult()>& reload);

  /// Refuses the waiting requests and all later ones.
  void Close();

 private:
  using Requests = std::vector<std::promise<ReloadResult>>;

  Requests TakeAll();

  UniqueFd wakeup_;
  std::mutex mutex_;
  Requests waiting_;
  bool closed_ = false;
};

}  // namespace leak_exporter
