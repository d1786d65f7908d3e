#include "metrics/cpython/runtime/gc_head.h"

#include <array>
#include <span>

#include "tests/catch.h"

namespace leak_exporter::cpython {
namespace {

constexpr uint64_t kLink = 0x7f0000001000;
constexpr uint64_t kOther = 0x7f0000002000;
constexpr uint64_t kType = 0x955e00;

TEST_CASE("gc head: what can be a link") {
  CHECK(IsPlausibleLink(kLink));
  CHECK(IsPlausibleLink(0x10000));
  CHECK_FALSE(IsPlausibleLink(0xfffc));
  CHECK_FALSE(IsPlausibleLink(0));
  // Debian's 3.13 has list heads at 4-aligned addresses.
  CHECK(IsPlausibleLink(kLink + 4));
  CHECK_FALSE(IsPlausibleLink(kLink + 2));
  CHECK(IsPlausibleLink((uint64_t{1} << 48) - 4));
  CHECK_FALSE(IsPlausibleLink(uint64_t{1} << 48));
  CHECK_FALSE(IsPlausibleLink(UINT64_MAX - 3));
}

TEST_CASE("gc head: what can be a reference count") {
  CHECK(JudgeRefcnt(0) == Refcnt::kNone);
  CHECK(JudgeRefcnt(1) == Refcnt::kUsual);
  CHECK(JudgeRefcnt(0xffff) == Refcnt::kUsual);
  CHECK(JudgeRefcnt(0x10000) == Refcnt::kLarge);
  // sys.getrefcount(None): 4294967295 in 3.12.1, 3221225472 in 3.14.8.
  CHECK(JudgeRefcnt(4294967295) == Refcnt::kLarge);
  CHECK(JudgeRefcnt(3221225472) == Refcnt::kLarge);
  // Flags stand above bit 48; an address has bits below it.
  CHECK(JudgeRefcnt(uint64_t{0x40} << 48 | 2) == Refcnt::kLarge);
  CHECK(JudgeRefcnt(uint64_t{1} << 48) == Refcnt::kNone);
  CHECK(JudgeRefcnt(uint64_t{1} << 32 | 1) == Refcnt::kNone);
  CHECK(JudgeRefcnt(uint64_t{1} << 47 | 1) == Refcnt::kNone);
  CHECK(JudgeRefcnt(kLink) == Refcnt::kNone);
}

template <size_t kWords>
const std::byte* Bytes(const std::array<uint64_t, kWords>& words) {
  return std::as_bytes(std::span(words)).data();
}

using TaggedWords = std::array<uint64_t, TaggedHead::kExtent / 8>;

TEST_CASE("tagged head: an object that the collector tracks") {
  const TaggedHead head;
  const TaggedWords words = {kLink, kOther, 1, kType};
  CHECK(head.IsTracked(Bytes(words)));
  CHECK_FALSE(head.IsSuspect(Bytes(words)));
  CHECK(head.Type(Bytes(words)) == kType);
  CHECK(head.Next(Bytes(words)) == kLink);
  CHECK(head.PointsBack(Bytes(words), kOther));
  CHECK_FALSE(head.PointsBack(Bytes(words), kLink));
}

TEST_CASE("tagged head: flags in the low bits of both links") {
  const TaggedHead head;
  const TaggedWords words = {kLink | 1, kOther | 3, 1, kType};
  CHECK(head.IsTracked(Bytes(words)));
  CHECK(head.Next(Bytes(words)) == kLink);
  CHECK(head.PointsBack(Bytes(words), kOther));
}

TEST_CASE("tagged head: what is not tracked, or no object") {
  const TaggedHead head;
  const auto tracked = [&](const TaggedWords& words) {
    return head.IsTracked(Bytes(words));
  };
  // Both words are zero where an object is not tracked.
  CHECK_FALSE(tracked({0, 0, 1, kType}));
  CHECK_FALSE(tracked({kLink, 0, 1, kType}));
  CHECK_FALSE(tracked({0, kOther, 1, kType}));
  CHECK_FALSE(tracked({kLink, kOther, 0, kType}));
  CHECK_FALSE(tracked({kLink, kOther, kLink, kType}));
  CHECK_FALSE(tracked({UINT64_MAX, UINT64_MAX, 1, kType}));
}

TEST_CASE("tagged head: a count in place of the way back, while collecting") {
  const TaggedHead head;
  const auto with_back = [&](uint64_t back) {
    return TaggedWords{kLink, back, 1, kType};
  };
  for (const uint64_t count :
       {uint64_t{0}, uint64_t{5}, (uint64_t{1} << 34) - 1}) {
    const TaggedWords words = with_back(count << 2 | 2);
    CHECK(head.IsTracked(Bytes(words)));
    // It cannot say, and so is not blamed.
    CHECK(head.PointsBack(Bytes(words), 0x1234));
  }
  CHECK_FALSE(TaggedHead::HoldsCount(uint64_t{1} << 36 | 2));
  CHECK_FALSE(TaggedHead::HoldsCount(5 << 2 | 1));
  CHECK_FALSE(head.IsTracked(Bytes(with_back(5 << 2))));
}

TEST_CASE("tagged head: counts that look like addresses low in memory") {
  const TaggedHead head;
  const TaggedWords words = {kLink, kOther, 0x955e00, kType};
  CHECK(head.IsTracked(Bytes(words)));
  CHECK(head.IsSuspect(Bytes(words)));
}

using RefsWords = std::array<uint64_t, RefsHead::kExtent / 8>;

uint64_t Refs(int64_t refs) { return static_cast<uint64_t>(refs); }

TEST_CASE("refs head: an object that the collector tracks") {
  const RefsHead head{0};
  const RefsWords words = {kLink, kOther, Refs(-3), 0, 1, kType};
  CHECK(head.IsTracked(Bytes(words)));
  CHECK(head.Type(Bytes(words)) == kType);
  CHECK(head.Next(Bytes(words)) == kLink);
  CHECK(head.PointsBack(Bytes(words), kOther));
  CHECK_FALSE(head.PointsBack(Bytes(words), kLink));
}

TEST_CASE("refs head: gc_refs says whether it is tracked") {
  // GC_UNTRACKED, GC_REACHABLE, GC_TENTATIVELY_UNREACHABLE of gcmodule.c, and
  // counts; from 3.6 on a flag stands below.
  const std::vector<std::pair<int64_t, bool>> states = {
      {-2, false},
      {-3, true},
      {-4, true},
      {-5, false},
      {-1, false},
      {0, true},
      {7, true},
      {(int64_t{1} << 36) - 1, true},
      {int64_t{1} << 36, false},
      {INT32_MIN, false}};
  for (const auto& [refs, tracked] : states) {
    INFO(refs);
    const RefsWords python2 = {kLink, kOther, Refs(refs), 0, 1, kType};
    CHECK(RefsHead{0}.IsTracked(Bytes(python2)) == tracked);
    for (const int64_t flag : {0, 1}) {
      const RefsWords words = {kLink, kOther, Refs(refs * 2 + flag),
                               0,     1,      kType};
      CHECK(RefsHead{1}.IsTracked(Bytes(words)) == tracked);
    }
  }
}

TEST_CASE("refs head: links are not tagged, and both must be some") {
  const RefsHead head{0};
  const auto tracked = [&](const RefsWords& words) {
    return head.IsTracked(Bytes(words));
  };
  CHECK_FALSE(tracked({kLink | 1, kOther, Refs(-3), 0, 1, kType}));
  CHECK_FALSE(tracked({kLink, kOther | 2, Refs(-3), 0, 1, kType}));
  CHECK_FALSE(tracked({0, kOther, Refs(-3), 0, 1, kType}));
  CHECK_FALSE(tracked({kLink, 0, Refs(-3), 0, 1, kType}));
  CHECK_FALSE(tracked({kLink, kOther, Refs(-3), 0, 0, kType}));
  const RefsWords large = {kLink, kOther, Refs(-3), 0, 0x955e00, kType};
  CHECK(head.IsSuspect(Bytes(large)));
}

/// A PyObject of a free-threaded build, field by field.
struct FreeThreadedObject {
  uint64_t ob_tid = 0x7f00;
  uint16_t ob_flags = 0;
  uint8_t ob_mutex = 0;
  uint8_t ob_gc_bits = 1;
  uint32_t ob_ref_local = 1;
  int64_t ob_ref_shared = 0;
  uint64_t ob_type = kType;
};

const std::byte* Bytes(const FreeThreadedObject& object) {
  return reinterpret_cast<const std::byte*>(&object);
}

bool IsTracked(const FreeThreadedObject& object) {
  return BitsHead().IsTracked(Bytes(object));
}

TEST_CASE("bits head: a bit in the object says whether it is tracked") {
  FreeThreadedObject object;
  CHECK(IsTracked(object));
  CHECK(BitsHead().Type(Bytes(object)) == kType);
  // _PyGC_BITS_TRACKED 1, _FINALIZED 2, _UNREACHABLE 4, _FROZEN 8
  const std::vector<std::pair<uint8_t, bool>> bits = {
      {0, false}, {1, true},  {2, false}, {3, true},
      {5, true},  {9, false}, {8, false}};
  for (const auto& [value, tracked] : bits) {
    INFO(int{value});
    object.ob_gc_bits = value;
    CHECK(IsTracked(object) == tracked);
  }
}

TEST_CASE("bits head: a pointer is no count of references") {
  FreeThreadedObject object;
  for (const int64_t shared : {int64_t{1}, int64_t{-8}, int64_t{3'000'000'001},
                               int64_t{-3'000'000'001}}) {
    INFO(shared);
    object.ob_ref_shared = shared;
    CHECK(IsTracked(object));
  }
  // The indices of a dict's keys, and its first key and value.
  object.ob_tid = 0;
  object.ob_flags = 0x0100;
  object.ob_mutex = 2;
  object.ob_gc_bits = 3;
  object.ob_ref_local = 0x00060504;
  object.ob_ref_shared = 0x56348a58afc0;
  CHECK_FALSE(IsTracked(object));
}

TEST_CASE("bits head: some reference, and a mutex that can be one") {
  FreeThreadedObject object;
  object.ob_mutex = 3;
  CHECK(IsTracked(object));
  object.ob_mutex = 4;
  CHECK_FALSE(IsTracked(object));
  object.ob_mutex = 0;
  object.ob_ref_local = 0;
  CHECK_FALSE(IsTracked(object));
  object.ob_ref_shared = 1 << 2;
  CHECK(IsTracked(object));
}

}  // namespace
}  // namespace leak_exporter::cpython
