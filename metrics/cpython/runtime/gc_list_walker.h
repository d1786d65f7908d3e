#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "metrics/base/deadline.h"
#include "metrics/cpython/layout/layout.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

/// The list heads of generations 0 to 2, from the address of the collector's
/// state: where all three have neighbours that point back. Upstream's place is
/// tried many times (a list that changes meanwhile looks torn), then Debian's.
Result<std::vector<RemoteAddr>> FindGenerations(const RemoteMemory& memory,
                                                const Layout& layout,
                                                RemoteAddr gc);

/// What one walk along a list found.
struct GcListWalk {
  /// Objects (behind their heads), in the list's order.
  std::vector<RemoteAddr> objects;
  /// It came back to its head; otherwise a link was torn or the limit reached.
  bool whole = false;
};

/// Follows a collector's list. Each link is believed only while the next one
/// points back, so it ends early where objects come and go: right for a list
/// that rests (the permanent generation), no measure for a busy one.
Result<GcListWalk> WalkGcList(const RemoteMemory& memory, const Layout& layout,
                              RemoteAddr head, size_t limit,
                              const Deadline& deadline);

}  // namespace leak_exporter::cpython
