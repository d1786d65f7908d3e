#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "metrics/base/deadline.h"
#include "metrics/cpython/layout/layout.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

/// Finds the list heads of generations 0 to 2, given the address of the
/// collector's state. They are where all three have neighbours that point back.
/// Upstream's place is tried many times, as a list that changes meanwhile looks
/// torn; then Debian's place is tried.
Result<std::vector<RemoteAddr>> FindGenerations(const RemoteMemory& memory,
                                                const Layout& layout,
                                                RemoteAddr gc);

/// What a walk along a list found.
struct GcListWalk {
  /// The objects (not their heads), in the order of the list.
  std::vector<RemoteAddr> objects;
  /// The walk came back to the head of the list. Otherwise a link was torn, or
  /// the limit or the deadline was reached.
  bool whole = false;
};

/// Follows a list of the collector. A link is believed only if the next one
/// points back, so the walk ends early where objects come and go. It suits a
/// list that rests (the permanent generation), and does not measure a busy one.
Result<GcListWalk> WalkGcList(const RemoteMemory& memory, const Layout& layout,
                              RemoteAddr head, size_t limit,
                              const Deadline& deadline);

}  // namespace leak_exporter::cpython
