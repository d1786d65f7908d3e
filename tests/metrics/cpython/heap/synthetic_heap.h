#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "metrics/cpython/layout/layout.h"
#include "metrics/remote/address_range.h"
#include "metrics/remote/image_memory.h"

namespace leak_exporter::cpython {

/// A heap made by hand, as CPython 3.11 lays it out: `type`, types made of it,
/// and one list of objects that the collector tracks.
class SyntheticHeap {
 public:
  static constexpr RemoteAddr kStatics{0x500000};
  static constexpr RemoteAddr kHeap{0x7f0000000000};
  static constexpr uint64_t kHead = 16;

  explicit SyntheticHeap(size_t heap_bytes)
      : layout_(*FindLayout({3, 11, 2}, false)),
        statics_(64 << 10),
        heap_(heap_bytes) {
    type_ = AddType("type", type_flags::kTypeSubclass | type_flags::kHaveGc);
    head_ = kStatics + Allocate(16);
    PutLink(head_, head_, head_);
  }

  const Layout& layout() const { return layout_; }
  RemoteAddr head() const { return head_; }
  AddressRange range() const { return {kHeap, kHeap + heap_.size()}; }

  RemoteAddr AddType(std::string_view name, uint64_t flags) {
    const RemoteAddr text = kStatics + Allocate(name.size() + 1);
    std::memcpy(At(text), name.data(), name.size());
    const RemoteAddr type = kStatics + Allocate(layout_.type.size);
    Put(type, 0, 1);
    Put(type, layout_.object.ob_type,
        Value(type_ == RemoteAddr{} ? type : type_));
    Put(type, layout_.type.tp_name, Value(text));
    Put(type, layout_.type.tp_basicsize, 32);
    Put(type, layout_.type.tp_flags, flags);
    return type;
  }

  /// Puts an object's head at kHeap + `offset`, at the end of the list; returns
  /// the object.
  RemoteAddr AddObject(uint64_t offset, RemoteAddr type) {
    const RemoteAddr head = kHeap + offset;
    const RemoteAddr tail{Get(head_ + 8) & ~uint64_t{3}};
    PutLink(head, head_, tail);
    Put(tail, 0, Value(head));
    Put(head_, 8, Value(head));
    Put(head, kHead, 1);
    Put(head, kHead + 8, Value(type));
    return head + kHead;
  }

  void PutLink(RemoteAddr head, RemoteAddr next, RemoteAddr prev) {
    Put(head, 0, Value(next));
    Put(head, 8, Value(prev));
  }
  void Put(RemoteAddr address, uint64_t offset, uint64_t word) {
    std::memcpy(At(address + offset), &word, sizeof(word));
  }
  uint64_t Get(RemoteAddr address) {
    uint64_t word = 0;
    std::memcpy(&word, At(address), sizeof(word));
    return word;
  }

  ImageMemory Memory() const {
    return *ImageMemory::FromSegments({{kStatics, statics_}, {kHeap, heap_}});
  }

 private:
  uint64_t Allocate(uint64_t size) {
    const uint64_t at = used_;
    used_ += (size + 15) / 16 * 16;
    return at;
  }
  std::byte* At(RemoteAddr address) {
    return address >= kHeap
               ? heap_.data() + (Value(address) - Value(kHeap))
               : statics_.data() + (Value(address) - Value(kStatics));
  }

  Layout layout_;
  std::vector<std::byte> statics_;
  std::vector<std::byte> heap_;
  uint64_t used_ = 0;
  RemoteAddr type_{};
  RemoteAddr head_{};
};

}  // namespace leak_exporter::cpython
