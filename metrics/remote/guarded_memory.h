#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "metrics/base/deadline.h"
#include "metrics/remote/address_range.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

/// Reads where memory is mapped now, in ascending order.
using MappedReader = std::function<Result<std::vector<AddressRange>>()>;

/// Another memory, as one measurement reads it. The parts of a measurement go
/// on without what they could not read. This object remembers that there was
/// such a thing, so that the measurement can say that it is not whole.
///
/// What ends all reading (EndsReading) ends it for good: each further read
/// fails in the same way, without a system call. So does each read past the
/// deadline. A read that fails for another reason, where memory should be, is
/// tried twice. Not thread-safe.
class GuardedMemory final : public RemoteMemory {
 public:
  /// `mapped` says where memory is, in ascending order. A read that fails
  /// elsewhere is nothing to remember: what only looks like an address leads
  /// there. `memory` and the deadline's clock must outlive this object.
  GuardedMemory(const RemoteMemory& memory, std::vector<AddressRange> mapped,
                const Deadline& deadline);

  Result<size_t> ReadSome(RemoteAddr address,
                          std::span<std::byte> into) const override;
  Result<void> ReadBatch(std::span<ReadRequest> requests) const override;

  /// What ended all reading; absent where nothing did.
  const std::optional<Error>& end() const { return end_; }

  /// Tells, after all has been read, whether something was missed; absent where
  /// nothing was. While a program runs, memory is unmapped and mapped again, so
  /// that reads fail of which nothing is missing. What was missed is what still
  /// cannot be read although it is mapped. Errors are those of `find_mapped`,
  /// which is not asked unless there were failures.
  Result<std::optional<Error>> FindFailure(
      const MappedReader& find_mapped) const;

 private:
  struct Failed {
    RemoteAddr address{};
    Error error;
  };

  /// An error where nothing can be read any more.
  Result<void> MayRead() const;
  /// Whether it is an error to look into, or just no address.
  bool Matters(RemoteAddr address, const Error& error) const;
  void Remember(RemoteAddr address, const Error& error) const;
  /// Forgets the pages that are not mapped any more or can be read by now.
  Result<void> LookAgain(std::span<const AddressRange> mapped) const;

  const RemoteMemory& memory_;
  std::vector<AddressRange> mapped_;
  Deadline deadline_;
  mutable std::optional<Error> end_;
  /// A failure for another reason than the address.
  mutable std::optional<Error> certain_;
  /// The first failure in each page, up to a limit.
  mutable std::map<uint64_t, Failed> failed_;
};

}  // namespace leak_exporter
