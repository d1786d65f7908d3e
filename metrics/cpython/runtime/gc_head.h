#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "metrics/cpython/layout/layout.h"

/// What the collector keeps with an object that it tracks, as raw memory shows
/// it. Each GcScheme has a struct with the same functions, so that the scan is
/// compiled for each.
namespace leak_exporter::cpython {

inline uint64_t LoadWord(const std::byte* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

/// Whether a word can be a link: it is above the lowest addresses, which are
/// never mapped, below the end of user space, and a multiple of 4, as list
/// heads are.
inline bool IsPlausibleLink(uint64_t link) {
  constexpr uint64_t kLowest = 0x10000;
  constexpr uint64_t kEnd = uint64_t{1} << 48;
  return link - kLowest < kEnd - kLowest && (link & 3) == 0;
}

/// What a word says of an object whose reference count it would be.
enum class Refcnt {
  kNone,
  /// A count as most objects have it.
  kUsual,
  /// A large number: the count of an immortal or very popular object, or no
  /// count at all.
  kLarge,
};

/// From 3.14 on flags stand above bit 48; bits 32 to 47 are never used.
inline Refcnt JudgeRefcnt(uint64_t word) {
  constexpr uint64_t kNeverUsed = uint64_t{0xffff} << 32;
  constexpr uint64_t kUsualEnd = 0x10000;
  const auto count = static_cast<uint32_t>(word);
  if ((word & kNeverUsed) != 0 || count == 0) return Refcnt::kNone;
  return word < kUsualEnd ? Refcnt::kUsual : Refcnt::kLarge;
}

/// 3.8 to 3.15 with the GIL: gc_next and gc_prev with flags in their low bits.
struct TaggedHead {
  static constexpr size_t kObject = 16;
  /// How many bytes from the head on are looked at.
  static constexpr size_t kExtent = 32;
  static constexpr bool kHasLinks = true;

  /// While a collection runs, gc_prev holds `refs << 2 | 2`.
  static bool HoldsCount(uint64_t prev) {
    constexpr uint64_t kCollecting = 2;
    constexpr uint64_t kEnd = uint64_t{1} << 36;
    return (prev & kCollecting) != 0 && prev < kEnd;
  }
  static uint64_t Untagged(uint64_t link) { return link & ~uint64_t{3}; }

  /// Whether an object that the collector tracks may follow.
  bool IsTracked(const std::byte* head) const {
    if (!IsPlausibleLink(Untagged(LoadWord(head)))) return false;
    const uint64_t prev = LoadWord(head + 8);
    if (!IsPlausibleLink(Untagged(prev)) && !HoldsCount(prev)) return false;
    return JudgeRefcnt(LoadWord(head + kObject)) != Refcnt::kNone;
  }
  /// Whether the count may be something else, so that more evidence is needed:
  /// pointers low in memory look like large counts.
  bool IsSuspect(const std::byte* head) const {
    return JudgeRefcnt(LoadWord(head + kObject)) == Refcnt::kLarge;
  }
  uint64_t Type(const std::byte* head) const {
    return LoadWord(head + kObject + 8);
  }
  uint64_t Next(const std::byte* head) const {
    return Untagged(LoadWord(head));
  }
  /// 0 where a count stands in its place.
  uint64_t Prev(const std::byte* head) const {
    const uint64_t prev = LoadWord(head + 8);
    return HoldsCount(prev) ? 0 : Untagged(prev);
  }
  /// Whether `head` says that the one before it is at `address`, or cannot say
  /// because it is the head of an object that is being collected.
  bool PointsBack(const std::byte* head, uint64_t address) const {
    const uint64_t prev = LoadWord(head + 8);
    return Untagged(prev) == address || (HoldsCount(prev) && IsTracked(head));
  }
};

/// 2.7 to 3.7: plain links, and gc_refs.
struct RefsHead {
  static constexpr size_t kObject = 32;
  static constexpr size_t kExtent = 48;
  static constexpr bool kHasLinks = true;

  /// Layout::GcHead::gc_refs_shift
  unsigned shift = 0;

  /// GC_REACHABLE, GC_TENTATIVELY_UNREACHABLE, or a count while a collection
  /// runs; GC_UNTRACKED is -2.
  bool IsTrackedState(int64_t refs) const {
    constexpr int64_t kReachable = -3;
    constexpr int64_t kTentativelyUnreachable = -4;
    constexpr int64_t kEnd = int64_t{1} << 36;
    return refs == kReachable || refs == kTentativelyUnreachable ||
           (refs >= 0 && refs < kEnd);
  }
  bool IsTracked(const std::byte* head) const {
    return IsPlausibleLink(LoadWord(head)) &&
           IsPlausibleLink(LoadWord(head + 8)) &&
           IsTrackedState(static_cast<int64_t>(LoadWord(head + 16)) >> shift) &&
           JudgeRefcnt(LoadWord(head + kObject)) != Refcnt::kNone;
  }
  bool IsSuspect(const std::byte* head) const {
    return JudgeRefcnt(LoadWord(head + kObject)) == Refcnt::kLarge;
  }
  uint64_t Type(const std::byte* head) const {
    return LoadWord(head + kObject + 8);
  }
  uint64_t Next(const std::byte* head) const { return LoadWord(head); }
  uint64_t Prev(const std::byte* head) const { return LoadWord(head + 8); }
  bool PointsBack(const std::byte* head, uint64_t address) const {
    return LoadWord(head + 8) == address;
  }
};

/// Free-threaded builds: no links, bits in the object itself.
struct BitsHead {
  static constexpr size_t kObject = 0;
  static constexpr size_t kExtent = 32;
  static constexpr bool kHasLinks = false;

  bool IsTracked(const std::byte* object) const {
    constexpr uint8_t kTracked = 1;
    constexpr uint8_t kFrozen = 8;
    constexpr uint8_t kLargestMutex = 3;
    const auto mutex = std::to_integer<uint8_t>(object[10]);
    const auto bits = std::to_integer<uint8_t>(object[11]);
    return (bits & (kTracked | kFrozen)) == kTracked &&
           mutex <= kLargestMutex && HasReferences(object);
  }
  bool IsSuspect(const std::byte*) const { return false; }
  uint64_t Type(const std::byte* object) const { return LoadWord(object + 24); }
  uint64_t Next(const std::byte*) const { return 0; }
  uint64_t Prev(const std::byte*) const { return 0; }
  bool PointsBack(const std::byte*, uint64_t) const { return true; }

 private:
  /// ob_ref_local, and the count in ob_ref_shared, above two flags. The latter
  /// may be negative. A pointer in its place is too large: the entries of a
  /// dict, behind its indices, look like an object otherwise.
  static bool HasReferences(const std::byte* object) {
    constexpr int64_t kMostShared = int64_t{1} << 32;
    const uint64_t shared = LoadWord(object + 16);
    const int64_t count = static_cast<int64_t>(shared) >> 2;
    if (count >= kMostShared || count <= -kMostShared) return false;
    return (LoadWord(object + 8) >> 32) != 0 || shared != 0;
  }
};

/// Calls `use` with the head that the layout's version has, and returns what it
/// returns.
template <typename Use>
auto WithGcHead(const Layout& layout, const Use& use) {
  switch (layout.gc_scheme) {
    case GcScheme::kRefs:
      return use(RefsHead{layout.gc_head.gc_refs_shift});
    case GcScheme::kBits:
      return use(BitsHead{});
    case GcScheme::kTagged:
      break;
  }
  return use(TaggedHead{});
}

}  // namespace leak_exporter::cpython
