#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>

#include "metrics/base/result.h"

namespace leak_exporter {

/// An address in the memory that is read, never one of ours.
enum class RemoteAddr : uint64_t {};

constexpr uint64_t Value(RemoteAddr address) {
  return static_cast<uint64_t>(address);
}

/// The sum wraps around: remote numbers are hostile, and the read then fails.
constexpr RemoteAddr operator+(RemoteAddr address, uint64_t offset) {
  return RemoteAddr{Value(address) + offset};
}
constexpr RemoteAddr operator-(RemoteAddr address, uint64_t offset) {
  return RemoteAddr{Value(address) - offset};
}

/// "0x7f12a4"
std::string ToString(RemoteAddr address);

/// Whether no further read of the same memory will succeed: the process is
/// gone, the kernel refuses, or the time is up (ETIMEDOUT).
bool EndsReading(const Error& error);

/// One part of a batch. ReadBatch() sets `got` to the size of `into`, or to
/// less where the rest cannot be read.
struct ReadRequest {
  RemoteAddr address{};
  std::span<std::byte> into;
  size_t got = 0;

  bool complete() const { return got == into.size(); }
};

/// Memory of another process, or a recording of it. Nothing that is read
/// through it can be believed: it changes while it is read, and may be hostile.
///
/// Errors: EFAULT where nothing is mapped, ESRCH when the process is gone
/// (IsGone), EPERM when the kernel refuses (IsPermission).
class RemoteMemory {
 public:
  virtual ~RemoteMemory() = default;

  /// Reads from `address` on and returns how many bytes were there: at least
  /// one, and fewer than asked for where a page follows that cannot be read.
  virtual Result<size_t> ReadSome(RemoteAddr address,
                                  std::span<std::byte> into) const = 0;

  /// Reads many scattered ranges at once, which is much cheaper than one by
  /// one. A range that cannot be read is left incomplete. Only what ends all
  /// reading is an error.
  virtual Result<void> ReadBatch(std::span<ReadRequest> requests) const;

  /// The same, but goes on after a read that ended early until something cannot
  /// be read: a read may end early for a reason that does not last. An error
  /// where nothing was there, and where all reading ends (EndsReading).
  Result<size_t> ReadAvailable(RemoteAddr address,
                               std::span<std::byte> into) const;

  /// Fills all of `into`; EFAULT where there are fewer bytes.
  Result<void> ReadExact(RemoteAddr address, std::span<std::byte> into) const;

  template <typename T>
  Result<T> Read(RemoteAddr address) const {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    auto read = ReadExact(
        address, std::as_writable_bytes(std::span<T, 1>(&value, size_t{1})));
    if (!read) return tl::unexpected<Error>(read.error());
    return value;
  }

  Result<RemoteAddr> ReadPointer(RemoteAddr address) const {
    return Read<RemoteAddr>(address);
  }

  /// Reads a NUL-terminated string of at most `limit` bytes; a longer one is an
  /// error.
  Result<std::string> ReadCString(RemoteAddr address, size_t limit) const;

 private:
  /// Reads until `into` is full or something cannot be read. Sets `got` to the
  /// number of bytes that were there, with a result and without one.
  Result<void> ReadWhole(RemoteAddr address, std::span<std::byte> into,
                         size_t& got) const;
};

/// Reads a value out of bytes that are already here; `offset` must be within.
template <typename T>
T Load(std::span<const std::byte> bytes, size_t offset) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

}  // namespace leak_exporter
