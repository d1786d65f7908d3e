#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "config/config.h"
#include "metrics/base/result.h"

namespace leak_exporter {

/// A configuration, or every mistake in it, one a line.
using LoadResult = tl::expected<config::Config, std::vector<std::string>>;

/// Runs work in a thread of its own. An error means that there is no thread.
using StartThread = std::function<Result<void>(std::function<void()>)>;

/// Loads a configuration in a thread of its own, because its file may be on a
/// filesystem that hangs, or a FIFO that nobody writes to. Nothing can end a
/// load then, so at most one is outstanding. Not thread-safe.
class BackgroundLoad {
 public:
  /// `load` must own whatever it uses. Throws std::system_error if no
  /// descriptor is available.
  BackgroundLoad(std::function<LoadResult()> load, StartThread start_thread);

  /// Readable once a load has ended, until it is taken.
  int fd() const;

  /// Whether a load has begun that has not been taken.
  bool outstanding() const { return outstanding_; }

  /// Begins a load. None may be outstanding.
  Result<void> Begin();

  /// The outcome of the load, once it has ended.
  std::optional<LoadResult> Take();

 private:
  struct Shared;

  const std::function<LoadResult()> load_;
  const StartThread start_thread_;
  /// Shared with the thread, which may outlive this object.
  const std::shared_ptr<Shared> shared_;
  bool outstanding_ = false;
};

}  // namespace leak_exporter
