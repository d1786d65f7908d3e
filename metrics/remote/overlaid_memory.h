#pragma once

#include <cstddef>
#include <span>

#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

/// Two memories as one: what `above` cannot read is read from `below`. This
/// joins a copy of a process's changing memory with the process itself, which
/// still holds what does not change (program text and constants). Thread-safe
/// where both memories are.
class OverlaidMemory final : public RemoteMemory {
 public:
  /// Both must outlive this object.
  OverlaidMemory(const RemoteMemory& above, const RemoteMemory& below)
      : above_(above), below_(below) {}

  Result<size_t> ReadSome(RemoteAddr address,
                          std::span<std::byte> into) const override;

 private:
  const RemoteMemory& above_;
  const RemoteMemory& below_;
};

}  // namespace leak_exporter
