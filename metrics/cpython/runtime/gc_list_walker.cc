#include "metrics/cpython/runtime/gc_list_walker.h"

#include <array>
#include <optional>
#include <string>

namespace leak_exporter::cpython {
namespace {

constexpr size_t kGenerations = 3;
// Debian's 3.13 aligns PyGC_Head to 4 bytes only, so that the heads begin 4
// bytes before upstream's place.
constexpr Offset kDebianShift = 4;
constexpr int kNominalAttempts = 200;
constexpr int kShiftedAttempts = 20;
constexpr int32_t kLargestThreshold = 1'000'000'000;
// Flags of the collector in the links' low bits.
constexpr uint64_t kLinkFlags = 3;
constexpr uint64_t kCollecting = 2;
// While a collection runs, gc_prev holds a reference count of this many bits.
constexpr uint64_t kReferenceCountLimit = uint64_t{1} << 36;

struct Links {
  RemoteAddr next{};
  uint64_t prev = 0;
};

struct RawLinks {
  uint64_t next;
  uint64_t prev;
};

uint64_t FlagsOf(const Layout& layout) {
  return layout.gc_scheme == GcScheme::kTagged ? kLinkFlags : 0;
}

Result<Links> ReadLinks(const RemoteMemory& memory, const Layout& layout,
                        RemoteAddr head) {
  const auto raw = memory.Read<RawLinks>(head);
  if (!raw) return tl::unexpected<Error>(raw.error());
  return Links{RemoteAddr{raw->next & ~FlagsOf(layout)}, raw->prev};
}

bool PointsBack(const Layout& layout, const Links& links, RemoteAddr to) {
  if (RemoteAddr{links.prev & ~FlagsOf(layout)} == to) return true;
  return layout.gc_scheme == GcScheme::kTagged &&
         (links.prev & kCollecting) != 0 && links.prev < kReferenceCountLimit;
}

// It is enough that one end of the list holds: objects come and go at its tail
// faster than both ends can be looked at.
bool IsListHead(const RemoteMemory& memory, const Layout& layout,
                RemoteAddr head) {
  const auto links = ReadLinks(memory, layout, head);
  if (!links || links->next == RemoteAddr{}) return false;
  const auto first = ReadLinks(memory, layout, links->next);
  if (first && PointsBack(layout, *first, head)) return true;
  const RemoteAddr tail{links->prev & ~FlagsOf(layout)};
  const auto last = ReadLinks(memory, layout, tail);
  return last && last->next == head;
}

bool AreGenerations(const RemoteMemory& memory, const Layout& layout,
                    RemoteAddr first) {
  for (uint64_t i = 0; i < kGenerations; ++i) {
    const RemoteAddr head = first + i * layout.generation.size;
    const auto threshold =
        memory.Read<int32_t>(head + layout.generation.threshold);
    if (!threshold || *threshold < 0 || *threshold > kLargestThreshold ||
        !IsListHead(memory, layout, head)) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<std::vector<RemoteAddr>> FindGenerations(const RemoteMemory& memory,
                                                const Layout& layout,
                                                RemoteAddr gc) {
  const RemoteAddr nominal = gc + layout.gc.generations;
  const auto attempt = [&](RemoteAddr first, int attempts) {
    for (int i = 0; i < attempts; ++i) {
      if (AreGenerations(memory, layout, first)) return true;
    }
    return false;
  };
  std::optional<RemoteAddr> found;
  // Shifted heads never look whole at the nominal place, but busy heads at the
  // nominal place may look torn. So both places are looked at once, and then
  // more patiently.
  for (const RemoteAddr first : {nominal, nominal - kDebianShift}) {
    if (attempt(first, 1)) found = first;
    if (found) break;
  }
  if (!found && attempt(nominal, kNominalAttempts)) found = nominal;
  if (!found && attempt(nominal - kDebianShift, kShiftedAttempts)) {
    found = nominal - kDebianShift;
  }
  if (!found) {
    return Failure(0, "the collector's lists are not where CPython " +
                          ToString(layout.version) + " has them (at " +
                          ToString(nominal) + ")");
  }
  std::vector<RemoteAddr> heads;
  for (uint64_t i = 0; i < kGenerations; ++i) {
    heads.push_back(*found + i * layout.generation.size);
  }
  return heads;
}

Result<GcListWalk> WalkGcList(const RemoteMemory& memory, const Layout& layout,
                              RemoteAddr head, size_t limit,
                              const Deadline& deadline) {
  constexpr size_t kStepsBetweenClocks = 1024;
  // Memory that is not written to costs nothing, and to grow would take twice
  // as much.
  constexpr size_t kReserved = size_t{1} << 20;
  GcListWalk walk;
  walk.objects.reserve(std::min(limit, kReserved));
  auto links = ReadLinks(memory, layout, head);
  if (!links) return tl::unexpected<Error>(links.error());
  RemoteAddr at = head;
  while (links->next != head) {
    if (walk.objects.size() == limit) return walk;
    if (walk.objects.size() % kStepsBetweenClocks == 0 && deadline.Expired()) {
      return walk;
    }
    const RemoteAddr next = links->next;
    const auto following = ReadLinks(memory, layout, next);
    if (!following) {
      if (IsGone(following.error())) {
        return tl::unexpected<Error>(following.error());
      }
      return walk;
    }
    if (!PointsBack(layout, *following, at)) return walk;
    walk.objects.push_back(next + layout.gc_head.size);
    at = next;
    links = following;
  }
  walk.whole = true;
  return walk;
}

}  // namespace leak_exporter::cpython
