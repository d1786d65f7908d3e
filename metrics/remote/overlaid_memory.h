#pragma once

#include <cstddef>
#include <span>

#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

/// Memory in two layers: what `above` cannot read is read from `below`. Joins a
/// copy of what changes with the process itself, which still holds what does
/// not change (program text and constants). Thread-safe where both are.
class OverlaidMemory final : public RemoteMemory {
 public:
  /// Both must outlive it.
  OverlaidMemory(const RemoteMemory& above, const RemoteMemory& below)
      : above_(above), below_(below) {}

  Result<size_t> ReadSome(RemoteAddr address,
                          std::span<std::byte> into) const override;

 private:
  const RemoteMemory& above_;
  const RemoteMemory& below_;
};

}  // namespace leak_exporter
