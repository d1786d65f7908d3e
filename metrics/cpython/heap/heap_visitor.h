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
  /// Where its PyObject begins (after the collector's head) in
  /// HeapBlock::bytes.
  uint32_t offset = 0;
  TypeIndex type = 0;
};

/// A piece of a heap: objects in address order, and the memory around them that
/// was read with them. Most of what is asked about the objects is there
/// already.
struct HeapBlock {
  /// Address of the first byte.
  RemoteAddr begin{};
  /// Holds at least kBytesBefore bytes before each object, and kBytesBehind
  /// bytes from its address on. There are fewer only where the mapping begins
  /// or ends, or where a page cannot be read.
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

/// Sees every object of a walk, to count, measure or rank it.
class HeapVisitor {
 public:
  virtual ~HeapVisitor() = default;

  /// Called for each block in address order, also for a block without objects.
  /// The block is valid during the call only. `types` grows while the walk goes
  /// on; indices stay valid.
  virtual void Visit(const HeapBlock& block, TypeTable& types) = 0;

  /// Called after the last block for an object that was visited and has proved
  /// to be none. `block` was read anew and holds this one object. A visitor
  /// that counts or keeps objects takes it back.
  virtual void Retract(const HeapBlock& /*block*/, TypeTable& /*types*/) {}
};

/// Several visitors as one: each is called for each block, in the order given.
class HeapVisitors final : public HeapVisitor {
 public:
  /// The visitors must outlive this object.
  explicit HeapVisitors(std::vector<HeapVisitor*> visitors)
      : visitors_(std::move(visitors)) {}

  void Visit(const HeapBlock& block, TypeTable& types) override {
    for (HeapVisitor* visitor : visitors_) visitor->Visit(block, types);
  }
  void Retract(const HeapBlock& block, TypeTable& types) override {
    for (HeapVisitor* visitor : visitors_) visitor->Retract(block, types);
  }

 private:
  std::vector<HeapVisitor*> visitors_;
};

}  // namespace leak_exporter::cpython
