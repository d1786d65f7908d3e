#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>

#include "metrics/remote/remote_memory.h"
#include "tests/fake_clock.h"

namespace leak_exporter {

/// What becomes of one read, or of all reads from one on.
struct ReadFault {
  std::string_view name;
  /// The read fails so. Of a batch nothing is read, which is an error only
  /// where `code` ends all reading.
  int code = 0;
  /// All further reads fail so too.
  bool for_good = false;
  /// So do all further reads of the page that the read begins in.
  bool for_page = false;
  /// The read gives at least one byte and at most this part of what it could.
  size_t divisor = 1;
  /// The read takes so long.
  std::chrono::nanoseconds duration{};
  /// The read gives other bytes than are there.
  bool garbage = false;
};

/// Another memory with a fault at the read of one number. A read is a call of
/// ReadSome or ReadBatch.
class FaultAtRead final : public RemoteMemory {
 public:
  static constexpr size_t kNowhere = SIZE_MAX;

  /// `clock` is moved by a fault that takes time.
  FaultAtRead(const RemoteMemory& memory, FakeClock& clock,
              const ReadFault& fault = {}, size_t at = kNowhere)
      : memory_(memory), clock_(clock), fault_(fault), at_(at) {}

  /// How many reads there were.
  size_t reads() const { return reads_; }

  Result<size_t> ReadSome(RemoteAddr address,
                          std::span<std::byte> into) const override {
    const ReadFault fault = Next(address);
    if (fault.code != 0) return Failure(fault.code, "injected");
    auto got = memory_.ReadSome(address, BeforePage(address, into));
    if (!got || into.empty()) return got;
    if (fault.garbage) Spoil(into.first(*got));
    return std::max<size_t>(*got / fault.divisor, 1);
  }

  Result<void> ReadBatch(std::span<ReadRequest> requests) const override {
    const ReadFault fault =
        Next(requests.empty() ? RemoteAddr{} : requests.front().address);
    for (ReadRequest& request : requests) request.got = 0;
    if (EndsReading({fault.code, ""})) return Failure(fault.code, "injected");
    if (fault.code != 0) return {};
    if (page_) return RemoteMemory::ReadBatch(requests);
    auto read = memory_.ReadBatch(requests);
    const size_t all = std::accumulate(
        requests.begin(), requests.end(), size_t{0},
        [](size_t sum, const ReadRequest& r) { return sum + r.got; });
    // The first ones are whole, one is cut, the rest is missing.
    size_t left = all / fault.divisor;
    for (ReadRequest& request : requests) {
      request.got = std::min(request.got, left);
      left -= request.got;
      if (fault.garbage) Spoil(request.into.first(request.got));
    }
    return read;
  }

 private:
  static constexpr uint64_t kPageBytes = 4096;

  static uint64_t PageOf(RemoteAddr address) {
    return Value(address) / kPageBytes;
  }

  ReadFault Next(RemoteAddr address) const {
    const size_t read = reads_++;
    const bool hit = read == at_ || (fault_.for_good && read > at_) ||
                     page_ == PageOf(address);
    if (!hit) return {};
    if (fault_.for_page) page_ = PageOf(address);
    clock_.Advance(fault_.duration);
    return fault_;
  }

  // What of a read lies before the page that cannot be read.
  std::span<std::byte> BeforePage(RemoteAddr address,
                                  std::span<std::byte> into) const {
    if (!page_ || PageOf(address) > *page_) return into;
    const uint64_t left = *page_ * kPageBytes - Value(address);
    return into.first(std::min<uint64_t>(into.size(), left));
  }

  // Random bytes, the same for each run.
  void Spoil(std::span<std::byte> bytes) const {
    std::minstd_rand random(static_cast<uint32_t>(at_) + 1);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() >> 8);
  }

  const RemoteMemory& memory_;
  FakeClock& clock_;
  ReadFault fault_;
  size_t at_;
  mutable size_t reads_ = 0;
  /// The page that cannot be read.
  mutable std::optional<uint64_t> page_;
};

}  // namespace leak_exporter
