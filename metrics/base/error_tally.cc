#include "metrics/base/error_tally.h"

#include <algorithm>
#include <cerrno>

namespace leak_exporter {
namespace {

ErrorCause CauseOf(const Error& error) {
  if (IsPermission(error)) return ErrorCause::kPermission;
  if (IsExhausted(error)) return ErrorCause::kLimit;
  switch (error.code) {
    case 0:
      return ErrorCause::kMalformed;
    case EFBIG:
      return ErrorCause::kLimit;
    case ENOTSUP:
      return ErrorCause::kUnsupported;
    case ETIMEDOUT:
      return ErrorCause::kTimeout;
    default:
      return ErrorCause::kIo;
  }
}

}  // namespace

void ErrorTally::Add(const Error& error) {
  if (!IsGone(error)) Add(CauseOf(error), error.message);
  exhausted_ = exhausted_ || IsExhausted(error);
}

void ErrorTally::Add(ErrorCause cause, std::string_view message) {
  const auto known = std::ranges::find(errors_, cause, &CollectorError::cause);
  if (known != errors_.end()) {
    ++known->count;
    return;
  }
  errors_.push_back({cause, 1, std::string(message)});
}

void ErrorTally::Add(const ErrorTally& other) {
  for (const CollectorError& error : other.errors_) {
    const auto known =
        std::ranges::find(errors_, error.cause, &CollectorError::cause);
    if (known == errors_.end()) {
      errors_.push_back(error);
    } else {
      known->count += error.count;
    }
  }
  for (const std::string& note : other.notes_) Note(note);
  exhausted_ = exhausted_ || other.exhausted_;
}

void ErrorTally::Note(std::string_view text) {
  constexpr size_t kMostNotes = 16;
  if (notes_.size() < kMostNotes &&
      std::ranges::find(notes_, text) == notes_.end()) {
    notes_.emplace_back(text);
  }
}

}  // namespace leak_exporter
