#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/base/named_enum.h"
#include "metrics/base/result.h"

namespace leak_exporter {

/// Why a read failed, in the order of the series.
enum class ErrorCause : uint8_t {
  kPermission,
  kIo,
  kMalformed,
  kLimit,
  kTimeout,
  /// What is there is understood, and known not to be covered.
  kUnsupported,
  /// A target of python_heap that is no CPython.
  kNotPython,
  /// A mistake of this program: something was thrown.
  kInternal,
};

/// The value of the label `cause`.
constexpr std::string_view NameOf(ErrorCause cause) {
  switch (cause) {
    case ErrorCause::kPermission:
      return "permission";
    case ErrorCause::kIo:
      return "io";
    case ErrorCause::kMalformed:
      return "malformed";
    case ErrorCause::kLimit:
      return "limit";
    case ErrorCause::kTimeout:
      return "timeout";
    case ErrorCause::kUnsupported:
      return "unsupported";
    case ErrorCause::kNotPython:
      return "not_python";
    case ErrorCause::kInternal:
      return "internal";
  }
  return {};
}

/// A read that failed within a collector that otherwise has a result, or the
/// reason why it has none.
struct CollectorError {
  ErrorCause cause = ErrorCause::kIo;
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
  /// For causes that no errno names.
  void Add(ErrorCause cause, std::string_view message);
  /// Adds what another tally counted and noted.
  void Add(const ErrorTally& other);

  /// Notes what is no failure but worth a word. Each text is kept once, and at
  /// most 16 of them.
  void Note(std::string_view text);

  const std::vector<CollectorError>& errors() const { return errors_; }
  /// Whether a read failed because this program had run out (IsExhausted).
  bool exhausted() const { return exhausted_; }
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  std::vector<CollectorError> errors_;
  bool exhausted_ = false;
  std::vector<std::string> notes_;
};

}  // namespace leak_exporter
