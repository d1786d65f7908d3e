#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "metrics/cpython/objects/type_table.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

/// An object that the collector tracks.
struct ObjectRef {
  /// Of its PyObject (behind the collector's head) in HeapBlock::bytes.
  uint32_t offset = 0;
  TypeIndex type = 0;
};

/// The next piece of a heap: objects in address order, with memory that was
/// read together, so that most of what is asked about them is here already.
struct HeapBlock {
  /// Address of the first byte.
  RemoteAddr begin{};
  /// Around each object at least kBytesBefore before it and kBytesBehind from
  /// its address on, less only where the mapping begins or ends or a page
  /// cannot be read.
  std::span<const std::byte> bytes;
  std::span<const ObjectRef> objects;

  RemoteAddr AddressOf(const ObjectRef& object) const {
    return begin + object.offset;
  }
  /// The bytes at a remote address, empty unless all `size` are in the block.
  std::span<const std::byte> Find(RemoteAddr address, size_t size) const {
    const uint64_t offset = Value(address) - Value(begin);
    if (offset > bytes.size() || size > bytes.size() - offset) return {};
    return bytes.subspan(static_cast<size_t>(offset), size);
  }

  static constexpr size_t kBytesBefore = 64;
  static constexpr size_t kBytesBehind = 4096;
};

/// What plugs into a walk: counting, sizing, ranking.
class HeapVisitor {
 public:
  virtual ~HeapVisitor() = default;

  /// Called for each block, in address order, also where it holds no objects;
  /// the block is valid during the call. `types` grows while the walk goes on;
  /// indices stay valid.
  virtual void Visit(const HeapBlock& block, TypeTable& types) = 0;
};

/// Several in one walk, each called in turn.
class HeapVisitors final : public HeapVisitor {
 public:
  /// They must outlive it.
  explicit HeapVisitors(std::vector<HeapVisitor*> visitors)
      : visitors_(std::move(visitors)) {}

  void Visit(const HeapBlock& block, TypeTable& types) override {
    for (HeapVisitor* visitor : visitors_) visitor->Visit(block, types);
  }

 private:
  std::vector<HeapVisitor*> visitors_;
};

}  // namespace leak_exporter::cpython
