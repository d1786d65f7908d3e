#include "metrics/cpython/heap/heap_scanner.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "metrics/cpython/objects/object_view.h"
#include "metrics/cpython/runtime/gc_head.h"

namespace leak_exporter::cpython {
namespace {

// Large enough that a system call costs nothing compared with what it copies,
// and small enough to stay in the cache of the processor until it has been
// looked at.
constexpr size_t kReadBytes = size_t{1} << 20;
constexpr size_t kPageBytes = 4096;
// The bytes of a window that are kept for the next, so that objects at its end
// are seen with what is around them.
constexpr size_t kBefore = HeapBlock::kBytesBefore;
constexpr size_t kBehind = HeapBlock::kBytesBehind;
constexpr uint64_t kLargestAlignment = 16;
constexpr size_t kCarried = kBefore + kBehind + kLargestAlignment;
// A bound for hostile heaps: real ones need a few hundred at most.
constexpr size_t kMaxLinkReads = 100'000;
// How often an object to which nothing points back is looked at: its neighbours
// may be in the middle of a change.
constexpr int kLooks = 3;
constexpr const char* kOutOfTime = "out of time";
// No object is larger.
constexpr uint64_t kMaxObjectBytes = uint64_t{1} << 40;

// Whether two places are always in one window, as reads end at multiples of
// kReadBytes and the last bytes before are seen with the next window.
bool AreReadTogether(RemoteAddr a, RemoteAddr b) {
  constexpr uint64_t kEnd = kReadBytes - 2 * kCarried;
  return (Value(a) ^ Value(b)) < kReadBytes &&
         std::max(Value(a), Value(b)) % kReadBytes < kEnd;
}

// How many bytes the items of an object have, by a number that nobody has
// checked.
uint64_t ClaimedItemBytes(const Layout& layout, const TypeInfo& type,
                          const std::byte* object) {
  const uint64_t word = LoadWord(object + layout.object.ob_size);
  uint64_t items = Magnitude(static_cast<int64_t>(word));
  if (type.Has(type_flags::kLongSubclass) &&
      layout.long_object.lv_tag != kAbsent) {
    constexpr unsigned kDigitsShift = 3;
    items = word >> kDigitsShift;
  }
  // tp_itemsize is below 2^31, as TypeTable checks.
  constexpr uint64_t kMostItems = uint64_t{1} << 32;
  return static_cast<uint64_t>(type.itemsize) * std::min(items, kMostItems);
}

}  // namespace

HeapScanner::HeapScanner(const RemoteMemory& memory, TypeTable& types,
                         ScanLimits limits)
    : memory_(memory), types_(types), limits_(limits) {}

Result<ScanReport> HeapScanner::Scan(std::span<const AddressRange> ranges,
                                     std::span<const RemoteAddr> left_out,
                                     HeapVisitor& visitor,
                                     const Deadline& deadline) {
  report_ = {};
  link_reads_ = 0;
  ranges_ = ranges;
  last_range_ = {};
  links_ = {};
  all_left_out_ = left_out;
  left_out_ = left_out;
  uint64_t largest = 0;
  for (const AddressRange& range : ranges) {
    largest = std::max(largest, range.size());
  }
  buffer_.resize(kCarried +
                 static_cast<size_t>(std::min<uint64_t>(largest, kReadBytes)));
  for (const AddressRange& range : ranges) {
    auto scanned = ScanRange(range, visitor, deadline);
    if (!scanned) return tl::unexpected<Error>(scanned.error());
    if (!report_.cut_short.empty()) break;
  }
  if (types_.truncated()) report_.cut_short = "too many types";
  WithGcHead(types_.layout(),
             [&](const auto& head) { RetractUnlinked(head, visitor); });
  return report_;
}

bool HeapScanner::MayGoOn(const Deadline& deadline) {
  if (report_.bytes_read >= limits_.bytes) {
    report_.cut_short = "too much memory";
  } else if (report_.objects >= limits_.objects) {
    report_.cut_short = "too many objects";
  } else if (deadline.Expired()) {
    report_.cut_short = kOutOfTime;
  }
  return report_.cut_short.empty();
}

// A read may end early for a reason that does not last. Only a read that gets
// nothing means that a page cannot be read.
Result<void> HeapScanner::ScanRange(const AddressRange& range,
                                    HeapVisitor& visitor,
                                    const Deadline& deadline) {
  RemoteAddr at = range.begin;
  size_t carried = 0;
  size_t first = 0;
  uint64_t skip = kPageBytes;
  range_end_ = range.end;
  while (at < range.end && MayGoOn(deadline)) {
    const uint64_t left = Value(range.end) - Value(at);
    const auto wanted = static_cast<size_t>(
        std::min<uint64_t>(left, kReadBytes - Value(at) % kReadBytes));
    const auto got =
        memory_.ReadSome(at, std::span(buffer_).subspan(carried, wanted));
    if (!got && got.error().code == ETIMEDOUT) {
      report_.cut_short = kOutOfTime;
      break;
    }
    if (!got && EndsReading(got.error())) {
      return tl::unexpected<Error>(got.error());
    }
    const size_t fresh = got ? *got : 0;
    report_.bytes_read += fresh;
    const bool is_last = !got || fresh == left;

    Window window;
    window.begin = at - carried;
    window.size = carried + fresh;
    window.first = first;
    window.last = is_last ? window.size : BeforeTail(window);
    VisitWindow(window, visitor);
    if (is_last) {
      // There may be more behind a hole. The steps grow while nothing is found.
      const uint64_t hole = got ? 0 : std::min(skip, left);
      report_.unreadable_bytes += hole;
      at = at + fresh + hole;
      skip = std::min<uint64_t>(skip * 2, kReadBytes);
      carried = 0;
      first = 0;
      continue;
    }
    const size_t kept = std::min(window.size, kCarried);
    std::memmove(buffer_.data(), buffer_.data() + window.size - kept, kept);
    first = std::max(window.first, window.last) - (window.size - kept);
    carried = kept;
    at = at + fresh;
    skip = kPageBytes;
  }
  return {};
}

// Returns where the window has to end so that each object is seen with what is
// behind it: the rest is looked at with the next window. Addresses stay
// aligned, wherever a read ended.
size_t HeapScanner::BeforeTail(const Window& window) {
  const size_t tail = std::min(window.size, kBehind);
  const uint64_t end = Value(window.begin) + window.size - tail;
  const uint64_t aligned = end / kLargestAlignment * kLargestAlignment;
  return static_cast<size_t>(std::max(aligned, Value(window.begin)) -
                             Value(window.begin));
}

void HeapScanner::VisitWindow(const Window& window, HeapVisitor& visitor) {
  objects_.clear();
  WithGcHead(types_.layout(), [&](const auto& head) { Collect(window, head); });
  report_.objects += objects_.size();
  visitor.Visit({window.begin, std::span(buffer_).first(window.size), objects_},
                types_);
}

template <typename Head>
void HeapScanner::Collect(const Window& window, const Head& head) {
  if (window.size < Head::kExtent) return;
  const size_t step = types_.layout().alignment;
  const size_t last = std::min(window.last, window.size - Head::kExtent + 1);
  // The next object begins after the header of this one at the earliest.
  constexpr size_t kStride = Head::kExtent;
  size_t at = window.first;
  while (at < last) {
    const std::byte* place = buffer_.data() + at;
    if (!head.IsTracked(place)) {
      at += step;
      continue;
    }
    const TypeIndex type = types_.FindTracked(RemoteAddr{head.Type(place)});
    if (type == kNoType) {
      at += step;
      continue;
    }
    const size_t object = at + Head::kObject;
    const Link link = JudgeLink(window, head, at);
    if (link == Link::kBroken ||
        (link == Link::kUnseen && !HasMemory(window, type, object))) {
      ++report_.rejected;
      at += step;
      continue;
    }
    NoteLinks(head, window.begin + at, place);
    if (!IsLeftOut(window.begin + object)) {
      objects_.push_back({static_cast<uint32_t>(object), type});
    }
    at += kStride;
  }
}

template <typename Head>
HeapScanner::Link HeapScanner::JudgeLink(const Window& window, const Head& head,
                                         size_t at) {
  if constexpr (!Head::kHasLinks) return Link::kUnseen;
  const std::byte* place = buffer_.data() + at;
  const RemoteAddr address = window.begin + at;
  const RemoteAddr next{head.Next(place)};
  const uint64_t offset = Value(next) - Value(window.begin);
  if (offset <= window.size && window.size - offset >= Head::kExtent) {
    return head.PointsBack(buffer_.data() + offset, Value(address))
               ? Link::kSeen
               : Link::kBroken;
  }
  // Reading the next object of each would cost more than all the rest. A link
  // to a place outside of the heap leads to the head of a list, or to memory
  // that is newer than the map.
  const bool suspect = head.IsSuspect(place) || !IsInHeap(next);
  if (!suspect && !AreReadTogether(address, next)) return Link::kUnseen;
  if (link_reads_ >= kMaxLinkReads) {
    return suspect ? Link::kBroken : Link::kUnseen;
  }
  return NextPointsBack(head, address, next) ? Link::kSeen : Link::kBroken;
}

template <typename Head>
bool HeapScanner::NextPointsBack(const Head& head, RemoteAddr address,
                                 RemoteAddr next) {
  ++link_reads_;
  const auto links = memory_.Read<std::array<std::byte, Head::kExtent>>(next);
  return links && head.PointsBack(links->data(), Value(address));
}

// Notes the links that are not checked within a window: to the next object, and
// from the one before.
template <typename Head>
void HeapScanner::NoteLinks(const Head& head, RemoteAddr address,
                            const std::byte* place) {
  if constexpr (!Head::kHasLinks) return;
  const RemoteAddr next{head.Next(place)};
  const RemoteAddr prev{head.Prev(place)};
  // As most objects are.
  if (AreReadTogether(std::min({address, next, prev}),
                      std::max({address, next, prev}))) {
    return;
  }
  if (!AreReadTogether(address, next)) links_.Note(address, next);
  if (prev != RemoteAddr{} && !AreReadTogether(prev, address)) {
    links_.Note(prev, address);
  }
}

// Whether the object and its items can be where their number says. It may end
// beyond its range, as pages that were never written to are in none.
bool HeapScanner::HasMemory(const Window& window, TypeIndex type,
                            size_t object) {
  const RemoteAddr begin = window.begin + object;
  const uint64_t left = Value(range_end_) - Value(begin);
  const bool counts_items = types_.CountsItems(type);
  if (!counts_items && left >= kBehind) return true;
  const Layout& layout = types_.layout();
  uint64_t bytes = static_cast<uint64_t>(types_[type].basicsize);
  if (counts_items &&
      window.size - object >= layout.object.ob_size + sizeof(uint64_t)) {
    bytes += ClaimedItemBytes(layout, types_[type], buffer_.data() + object);
  }
  return bytes <= left || IsReadable(range_end_, begin + bytes);
}

// Looks at one byte of each piece, up to the last.
bool HeapScanner::IsReadable(RemoteAddr begin, RemoteAddr end) {
  if (Value(end) - Value(begin) >= kMaxObjectBytes) return false;
  for (RemoteAddr at = begin; at < end; at = at + kReadBytes) {
    if (link_reads_++ >= kMaxLinkReads) return false;
    if (!memory_.Read<std::byte>(at)) return false;
  }
  return memory_.Read<std::byte>(end - 1).has_value();
}

template <typename Head>
void HeapScanner::RetractUnlinked(const Head& head, HeapVisitor& visitor) {
  if constexpr (!Head::kHasLinks) return;
  link_reads_ = 0;
  for (const GcLink& link : links_.OneSided()) {
    const RemoteAddr object = link.from + Head::kObject;
    if (link_reads_ >= kMaxLinkReads) return;
    if (std::binary_search(all_left_out_.begin(), all_left_out_.end(), object))
      continue;
    const TypeIndex type = FindUnlinked(head, link);
    if (type != kNoType) Retract(object, type, visitor);
  }
}

// The type of the object from which a link leads, if it was visited and what it
// leads to still does not point back; else kNoType.
template <typename Head>
TypeIndex HeapScanner::FindUnlinked(const Head& head, const GcLink& link) {
  TypeIndex type = kNoType;
  for (int look = 0; look < kLooks; ++look) {
    ++link_reads_;
    const auto place =
        memory_.Read<std::array<std::byte, Head::kExtent>>(link.from);
    if (!place || !head.IsTracked(place->data()) ||
        RemoteAddr{head.Next(place->data())} != link.to) {
      return kNoType;
    }
    // Of these the scan itself has read the next one.
    if (head.IsSuspect(place->data()) || !IsInHeap(link.to)) return kNoType;
    type = types_.FindTracked(RemoteAddr{head.Type(place->data())});
    if (type == kNoType || NextPointsBack(head, link.from, link.to)) {
      return kNoType;
    }
  }
  return IsInHeap(link.from) ? type : kNoType;
}

void HeapScanner::Retract(RemoteAddr object, TypeIndex type,
                          HeapVisitor& visitor) {
  if (!IsInHeap(object)) return;
  const RemoteAddr begin = std::max(object - kBefore, last_range_.begin);
  const auto offset = static_cast<uint32_t>(Value(object) - Value(begin));
  const auto bytes = std::span(buffer_).first(kBefore + kBehind);
  const auto got = memory_.ReadAvailable(begin, bytes);
  if (!got || *got < offset + types_.layout().object.size) return;
  objects_.assign(1, {offset, type});
  --report_.objects;
  ++report_.rejected;
  visitor.Retract({begin, bytes.first(*got), objects_}, types_);
}

bool HeapScanner::IsInHeap(RemoteAddr address) {
  if (last_range_.Contains(address)) return true;
  const auto above = std::upper_bound(
      ranges_.begin(), ranges_.end(), address,
      [](RemoteAddr a, const AddressRange& range) { return a < range.begin; });
  if (above == ranges_.begin() || !std::prev(above)->Contains(address)) {
    return false;
  }
  last_range_ = *std::prev(above);
  return true;
}

bool HeapScanner::IsLeftOut(RemoteAddr object) {
  while (!left_out_.empty() && left_out_.front() < object) {
    left_out_ = left_out_.subspan(1);
  }
  return !left_out_.empty() && left_out_.front() == object;
}

}  // namespace leak_exporter::cpython
