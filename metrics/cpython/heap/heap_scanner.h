#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "metrics/base/deadline.h"
#include "metrics/cpython/heap/heap_visitor.h"
#include "metrics/cpython/objects/type_table.h"
#include "metrics/remote/address_range.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

struct ScanLimits {
  /// Of memory read.
  uint64_t bytes = uint64_t{1} << 40;
  uint64_t objects = 2'000'000'000;
};

/// What a scan found and what it had to leave out.
struct ScanReport {
  uint64_t objects = 0;
  uint64_t bytes_read = 0;
  /// Looked like objects, but their neighbours in the collector's list did not
  /// know them: remains of freed ones.
  uint64_t rejected = 0;
  /// In the map, and not there when it was read.
  uint64_t unreadable_bytes = 0;
  /// Why it ended early; empty where it did not.
  std::string cut_short;
};

/// Finds the objects that the collector tracks by looking at every place in
/// memory where one can begin, in address order: what is read is read once and
/// in large pieces, and what the target's threads do to the collector's lists
/// meanwhile cannot lead it astray, as it would a walk along them.
///
/// A place holds an object where the collector's head before it links to
/// plausible neighbours (or holds what a running collection puts there), the
/// reference count is plausible, its type is one whose instances are tracked,
/// and the next in the list points back, where it was read together with it (it
/// is read by itself only where something else is odd). Freeing an object
/// clears its links. Not thread-safe.
class HeapScanner {
 public:
  /// Both must outlive the scanner; `types` reads the same memory.
  HeapScanner(const RemoteMemory& memory, TypeTable& types,
              ScanLimits limits = ScanLimits());

  /// Visits the objects in `ranges` (ascending) that are not in `left_out`
  /// (ascending addresses of objects). An error only where the memory as a
  /// whole cannot be read any more (IsGone, IsPermission).
  Result<ScanReport> Scan(std::span<const AddressRange> ranges,
                          std::span<const RemoteAddr> left_out,
                          HeapVisitor& visitor, const Deadline& deadline);

 private:
  /// What was read last, and where in it objects are looked for.
  struct Window {
    RemoteAddr begin{};
    size_t size = 0;
    size_t first = 0;
    size_t last = 0;
  };

  Result<void> ScanRange(const AddressRange& range, HeapVisitor& visitor,
                         const Deadline& deadline);
  bool MayGoOn(const Deadline& deadline);
  static size_t BeforeTail(const Window& window);
  void VisitWindow(const Window& window, HeapVisitor& visitor);
  template <typename Head>
  void Collect(const Window& window, const Head& head);
  template <typename Head>
  bool IsLinked(const Window& window, const Head& head, size_t at);
  bool IsInHeap(RemoteAddr address);
  bool IsLeftOut(RemoteAddr object);

  const RemoteMemory& memory_;
  TypeTable& types_;
  ScanLimits limits_;
  std::span<const AddressRange> ranges_;
  /// The range that the last link led to: most lead to the same.
  AddressRange last_range_;
  /// What is still ahead of the scan.
  std::span<const RemoteAddr> left_out_;
  std::vector<std::byte> buffer_;
  std::vector<ObjectRef> objects_;
  ScanReport report_;
  size_t link_reads_ = 0;
};

}  // namespace leak_exporter::cpython
