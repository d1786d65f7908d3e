#pragma once

#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "metrics/base/unique_fd.h"

namespace leak_exporter {

/// What a reload came to: nothing, or every mistake in the file, one a line.
using ReloadResult = tl::expected<void, std::vector<std::string>>;

/// Brings requests to reload from any thread to the main one, which has the
/// stack that a deeply nested file takes, and the outcome back. Thread-safe.
class ReloadQueue {
 public:
  /// Throws std::system_error where there is no descriptor to be had.
  ReloadQueue();

  /// Waits until the main thread has reloaded.
  ReloadResult Request();

  /// Readable while there are requests.
  int fd() const { return wakeup_.get(); }
  /// Calls `reload` once for all requests that wait, if there are any.
  void Serve(const std::function<ReloadResult()>& reload);

  /// Refuses the requests that wait and those that come.
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
