#pragma once

#include <cstdint>
#include <vector>

#include "metrics/cpython/heap/heap_visitor.h"

namespace leak_exporter::cpython {

/// Counts objects by type.
class TypeCounter final : public HeapVisitor {
 public:
  void Visit(const HeapBlock& block, TypeTable& types) override {
    counts_.resize(types.size());
    for (const ObjectRef& object : block.objects) ++counts_[object.type];
  }
  void Retract(const HeapBlock& block, TypeTable&) override {
    for (const ObjectRef& object : block.objects) --counts_[object.type];
  }

  /// Counts by TypeIndex. Types that were met after the last block may be
  /// missing at the end.
  const std::vector<uint64_t>& counts() const { return counts_; }

 private:
  std::vector<uint64_t> counts_;
};

}  // namespace leak_exporter::cpython
