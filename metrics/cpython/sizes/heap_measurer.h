#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "metrics/cpython/heap/heap_visitor.h"
#include "metrics/cpython/heap/top_objects.h"
#include "metrics/cpython/objects/type_shape.h"
#include "metrics/cpython/sizes/object_measure.h"
#include "metrics/remote/read_cache.h"

namespace leak_exporter::cpython {

/// Sums over the objects of a type.
struct TypeUsage {
  uint64_t objects = 0;
  /// Sum of sys.getsizeof(); meaningless unless `bytes_known`.
  uint64_t bytes = 0;
  /// Sum of len(gc.get_referents()); meaningless unless `references_known`.
  uint64_t references = 0;
  bool bytes_known = true;
  bool references_known = true;
};

/// Counts, measures and ranks the objects of a walk. Most of what it needs is
/// in the blocks. The rest (the keys of some dicts) is put off and read later,
/// many at a time in address order. Serves one walk only. Not thread-safe.
class HeapMeasurer final : public HeapVisitor {
 public:
  /// `types` is the table of the walk, and must outlive this object. `top` is
  /// the length of the rankings.
  HeapMeasurer(TypeTable& types, size_t top);

  void Visit(const HeapBlock& block, TypeTable& types) override;

  void Retract(const HeapBlock& block, TypeTable& types) override;

  /// Measures what was put off; to be called once, after the walk.
  void Finish();

  /// Sums by TypeIndex. Types that were met after the last block may be missing
  /// at the end.
  const std::vector<TypeUsage>& usage() const { return usage_; }
  const TopObjects& by_bytes() const { return by_bytes_; }
  const TopObjects& by_references() const { return by_references_; }

 private:
  /// An object that needs memory beyond its block.
  struct Deferred {
    OutOfLinePart out_of_line;
    ObjectMeasure measure;
    RemoteAddr address{};
    TypeIndex type = kNoType;
  };

  void Add(RemoteAddr address, TypeIndex type, const TypeShape& shape,
           const ObjectMeasure& measure);
  /// Measures an object again that seems very large.
  void LookAgain(RemoteAddr address, TypeIndex type, ObjectMeasure& measure);

  TypeTable& types_;
  ReadCache memory_;
  TypeShapes shapes_;
  MeasureContext context_;
  std::vector<TypeUsage> usage_;
  TopObjects by_bytes_;
  TopObjects by_references_;
  std::vector<Deferred> deferred_;
  /// The addresses that deferred objects need, each with its index in
  /// deferred_.
  std::vector<std::pair<uint64_t, uint32_t>> order_;
  std::vector<AddressRange> ranges_;
  size_t second_looks_ = 0;
};

}  // namespace leak_exporter::cpython
