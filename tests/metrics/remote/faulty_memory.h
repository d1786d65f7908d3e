#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <utility>

#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

/// What becomes of a read: nothing special, an error, or fewer bytes.
struct Fault {
  std::optional<int> code;
  std::optional<size_t> most_bytes;
};

/// Another memory whose reads fail as a test wants it.
class FaultyMemory final : public RemoteMemory {
 public:
  /// Called with the number of the read (from 0), its address and its size.
  using Rule = std::function<Fault(size_t, RemoteAddr, size_t)>;

  FaultyMemory(const RemoteMemory& memory, Rule rule)
      : memory_(memory), rule_(std::move(rule)) {}

  Result<size_t> ReadSome(RemoteAddr address,
                          std::span<std::byte> into) const override {
    const Fault fault = rule_(reads_++, address, into.size());
    if (fault.code) return Failure(*fault.code, "injected");
    if (fault.most_bytes && *fault.most_bytes < into.size()) {
      into = into.first(*fault.most_bytes);
    }
    return memory_.ReadSome(address, into);
  }

  size_t reads() const { return reads_; }

 private:
  const RemoteMemory& memory_;
  Rule rule_;
  mutable size_t reads_ = 0;
};

}  // namespace leak_exporter
