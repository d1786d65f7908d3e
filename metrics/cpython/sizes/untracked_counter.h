#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/cpython/heap/heap_visitor.h"
#include "metrics/cpython/objects/type_shape.h"
#include "metrics/cpython/sizes/object_measure.h"
#include "metrics/remote/read_cache.h"

namespace leak_exporter::cpython {

/// How many objects of a type the collector does not track, and their bytes.
struct UntrackedUsage {
  TypeIndex type = kNoType;
  uint64_t objects = 0;
  uint64_t bytes = 0;
};

/// Finds the types whose instances the collector does not list, though leaks
/// consist of them: str, bytes, int, float and others of the module builtins,
/// and numpy's arrays; also tuple and dict, as the collector stops tracking
/// some of their instances. `modules` is the dict sys.modules.
std::vector<TypeIndex> FindUntrackedTypes(TypeTable& types, RemoteAddr modules);

/// Counts the living objects of such types in the memory that a walk goes
/// through, each once. An object is recognised by a plausible reference count
/// that is followed by the address of its type. Freeing an object overwrites
/// its count, so no references have to be followed and no set of visited
/// objects is kept. Objects in the program's own data (small ints and the like)
/// are not in a heap, and are not counted. Serves one walk only. Not
/// thread-safe.
class UntrackedCounter final : public HeapVisitor {
 public:
  /// `types` must outlive this object.
  UntrackedCounter(TypeTable& types, const std::vector<TypeIndex>& wanted);

  void Visit(const HeapBlock& block, TypeTable& types) override;

  const std::vector<UntrackedUsage>& usage() const { return usage_; }

 private:
  struct Wanted {
    uint64_t address = 0;
    bool collected = false;
    size_t usage = 0;
  };

  bool IsAlive(uint64_t refcnt) const;
  bool IsTracked(const ObjectView& object) const;
  /// Whether the object ends as objects of its kind do. What only looks like an
  /// object has something else in that place.
  bool IsWhole(const TypeShape& shape, const ObjectView& object);
  bool EndsWithNul(RemoteAddr data, uint64_t length, uint64_t width);
  /// Whether the place is inside of a tuple: its length and its first item,
  /// where that is a type, look like an object.
  bool IsInsideTuple(std::span<const std::byte> bytes, size_t offset) const;
  const Wanted* Find(uint64_t type) const;
  void Count(const HeapBlock& block, size_t offset, const Wanted& wanted);

  const Layout& layout_;
  ReadCache memory_;
  TypeShapes shapes_;
  MeasureContext context_;
  std::vector<Wanted> wanted_;
  uint64_t tuple_type_ = 0;
  uint64_t lowest_type_ = UINT64_MAX;
  uint64_t highest_type_ = 0;
  std::vector<UntrackedUsage> usage_;
  /// Where counting goes on in the next block: blocks overlap.
  uint64_t next_ = 0;
};

}  // namespace leak_exporter::cpython
