#pragma once

#include <cerrno>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace leak_exporter {

/// Why something could not be read: `code` decides what the program does,
/// `message` is for people.
struct Error {
  /// An errno value, or 0 where no system call failed (malformed content, a
  /// limit reached).
  int code = 0;
  /// Names place and cause: "/proc/7/status:3: bad VmRSS 'x kB'".
  std::string message;
};

/// A value or the reason why there is none. Below exporter/ nothing throws for
/// what the outside world does.
template <typename T>
using Result = tl::expected<T, Error>;

/// An Error that a function which returns a Result can return.
inline tl::unexpected<Error> Failure(int code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

/// Whether the process ended while it was looked at, which is an outcome and
/// not a failure. /proc/PID/* then answers ENOENT when the path is looked up,
/// and ESRCH when an open descriptor is read (fs/proc/base.c).
inline bool IsGone(const Error& error) {
  return error.code == ENOENT || error.code == ESRCH;
}

/// Whether this program itself has no descriptors or no memory left. That says
/// nothing about what was to be read.
inline bool IsExhausted(const Error& error) {
  return error.code == EMFILE || error.code == ENFILE || error.code == ENOMEM;
}

/// Whether the kernel refused. The caller then has no value, which is never 0,
/// and counts the error.
inline bool IsPermission(const Error& error) {
  return error.code == EACCES || error.code == EPERM;
}

}  // namespace leak_exporter
