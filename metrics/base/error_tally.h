#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/base/result.h"

namespace leak_exporter {

/// A read that failed within a collector that otherwise has a result, or the
/// reason why it has none.
struct CollectorError {
  /// "permission", "io", "malformed", "limit", "timeout" or "internal".
  std::string cause;
  /// How many reads failed so; the message is the first one's.
  uint64_t count = 0;
  std::string message;
};

/// Counts a run's failed reads by cause. A vanished process is not one. Bounded
/// by the number of causes, however many reads fail.
class ErrorTally {
 public:
  /// Derives the cause from the error's code; does nothing where IsGone.
  void Add(const Error& error);
  /// For causes that no errno names: "malformed", "limit", "timeout".
  void Add(std::string_view cause, std::string_view message);

  const std::vector<CollectorError>& errors() const { return errors_; }

 private:
  std::vector<CollectorError> errors_;
};

}  // namespace leak_exporter
