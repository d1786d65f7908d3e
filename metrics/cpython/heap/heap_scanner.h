#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "metrics/base/deadline.h"
#include "metrics/cpython/heap/heap_visitor.h"
#include "metrics/cpython/heap/link_ledger.h"
#include "metrics/cpython/objects/type_table.h"
#include "metrics/remote/address_range.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

struct ScanLimits {
  /// Bytes of memory that are read.
  uint64_t bytes = uint64_t{1} << 40;
  uint64_t objects = 2'000'000'000;
};

/// What a scan found and what it had to leave out.
struct ScanReport {
  uint64_t objects = 0;
  uint64_t bytes_read = 0;
  /// Places that looked like objects, but the next object in the collector's
  /// list did not point back, or no memory was there for their items: remains
  /// of freed objects, and words that only look like one.
  uint64_t rejected = 0;
  /// Bytes that are in the map, but could not be read.
  uint64_t unreadable_bytes = 0;
  /// Why the scan ended early; empty where it did not.
  std::string cut_short;
};

/// Finds the objects that the collector tracks by looking at every place in
/// memory where one can begin, in address order. Memory is read once and in
/// large pieces. A walk along the collector's lists would be led astray by what
/// the target's threads do to them meanwhile; the scan is not.
///
/// A place holds an object where all of this is so: the collector's head before
/// it links to plausible neighbours (or holds what a running collection puts
/// there); the reference count is plausible; the type is one whose instances
/// are tracked; and the next object in the list points back. Most next objects
/// are read together with this one. Of others, all items must be in memory, and
/// the links are noted from both ends (see LinkLedger). Where one end
/// does not know of the other, the object is looked at once more after the
/// scan, and retracted if nothing points back then. Freeing an object clears
/// its links. Not thread-safe.
class HeapScanner {
 public:
  /// Both must outlive the scanner; `types` reads the same memory.
  HeapScanner(const RemoteMemory& memory, TypeTable& types,
              ScanLimits limits = ScanLimits());

  /// Visits the objects in `ranges`, and retracts those that prove to be none.
  /// Left out are those that are in `left_out` (addresses of
  /// objects). Both are in ascending order. An error only where the memory as a
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

  /// Whether the next object points back.
  enum class Link { kBroken, kSeen, kUnseen };

  Result<void> ScanRange(const AddressRange& range, HeapVisitor& visitor,
                         const Deadline& deadline);
  bool MayGoOn(const Deadline& deadline);
  static size_t BeforeTail(const Window& window);
  void VisitWindow(const Window& window, HeapVisitor& visitor);
  template <typename Head>
  void Collect(const Window& window, const Head& head);
  template <typename Head>
  Link JudgeLink(const Window& window, const Head& head, size_t at);
  template <typename Head>
  bool NextPointsBack(const Head& head, RemoteAddr address, RemoteAddr next);
  template <typename Head>
  void NoteLinks(const Head& head, RemoteAddr address, const std::byte* place);
  bool HasMemory(const Window& window, TypeIndex type, size_t object);
  bool IsReadable(RemoteAddr begin, RemoteAddr end);
  template <typename Head>
  void RetractUnlinked(const Head& head, HeapVisitor& visitor);
  template <typename Head>
  TypeIndex FindUnlinked(const Head& head, const GcLink& link);
  void Retract(RemoteAddr object, TypeIndex type, HeapVisitor& visitor);
  bool IsInHeap(RemoteAddr address);
  bool IsLeftOut(RemoteAddr object);

  const RemoteMemory& memory_;
  TypeTable& types_;
  ScanLimits limits_;
  std::span<const AddressRange> ranges_;
  /// The range that the last link led to; most links lead to the same one.
  AddressRange last_range_;
  /// Where the range ends that is scanned now.
  RemoteAddr range_end_{};
  LinkLedger links_;
  /// The objects to leave out, and those of them that the scan has not reached.
  std::span<const RemoteAddr> all_left_out_;
  std::span<const RemoteAddr> left_out_;
  std::vector<std::byte> buffer_;
  std::vector<ObjectRef> objects_;
  ScanReport report_;
  size_t link_reads_ = 0;
};

}  // namespace leak_exporter::cpython
