#include "metrics/cpython/sizes/heap_measurer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace leak_exporter::cpython {
namespace {

/// How many objects are put off at most. The more they are, the closer together
/// is what they need.
constexpr size_t kDeferred = 1 << 15;
/// How many are read at once, and how much, which bounds the buffer of
/// ReadCache.
constexpr size_t kBatch = 8192;
constexpr uint64_t kBatchBytes = 4 << 20;
/// A gap may be read along with a range.
constexpr uint64_t kGapBytes = 1 << 10;
/// An object that seems so large is looked at twice: it may have changed
/// between the reads of its parts.
constexpr uint64_t kLargeBytes = 1 << 20;
/// A bound for hostile heaps.
constexpr size_t kMaxSecondLooks = 4096;

/// The bytes around an object, from `before` bytes before it on.
struct Surroundings {
  std::array<std::byte, HeapBlock::kBytesBefore + HeapBlock::kBytesBehind>
      bytes{};
  size_t before = 0;
  /// 0 where the object cannot be read.
  size_t size = 0;

  ObjectView ViewOf(RemoteAddr object) const {
    return {object, std::span(bytes).first(size), before};
  }
};

/// Reads an object anew. A mapping may begin shortly before a large object.
Surroundings ReadAround(const RemoteMemory& memory, RemoteAddr object) {
  Surroundings around;
  constexpr size_t kStep = 16;
  for (size_t before = HeapBlock::kBytesBefore + kStep; before > 0;) {
    before -= kStep;
    const auto got = memory.ReadAvailable(
        object - before,
        std::span(around.bytes).first(before + HeapBlock::kBytesBehind));
    if (!got || *got <= before) continue;
    around.before = before;
    around.size = *got;
    break;
  }
  return around;
}

}  // namespace

HeapMeasurer::HeapMeasurer(TypeTable& types, size_t top)
    : types_(types),
      memory_(types.memory()),
      shapes_(types, memory_),
      context_{types.layout(), memory_, {}},
      by_bytes_(top),
      by_references_(top) {}

void HeapMeasurer::Visit(const HeapBlock& block, TypeTable& types) {
  memory_.Enter(block.begin, block.bytes);
  if (context_.general_lookup == RemoteAddr{} && !block.objects.empty())
    context_.general_lookup =
        FindGeneralLookup(types, block.objects.front().type);
  usage_.resize(std::max(usage_.size(), types.size()));
  for (const ObjectRef& object : block.objects) {
    const TypeShape& shape = shapes_[object.type];
    const RemoteAddr address = block.AddressOf(object);
    OutOfLinePart out_of_line;
    ObjectMeasure measure = MeasureInLine(
        context_, shape, ObjectView(address, block.bytes, object.offset),
        out_of_line);
    if (out_of_line.range.size() != 0 &&
        block.Find(out_of_line.range.begin, out_of_line.range.size()).empty()) {
      deferred_.push_back({out_of_line, measure, address, object.type});
    } else {
      MeasureOutOfLine(context_, out_of_line, measure);
      if (measure.bytes >= kLargeBytes) [[unlikely]]
        LookAgain(address, object.type, measure);
      Add(address, object.type, shape, measure);
    }
  }
  if (deferred_.size() >= kDeferred) Finish();
  memory_.Leave();
}

void HeapMeasurer::Add(RemoteAddr address, TypeIndex type,
                       const TypeShape& shape, const ObjectMeasure& measure) {
  TypeUsage& usage = usage_[type];
  ++usage.objects;
  if (shape.bytes_known) {
    usage.bytes += measure.bytes;
    by_bytes_.Add(measure.bytes, address, type);
  } else {
    usage.bytes_known = false;
  }
  if (shape.references_known) {
    usage.references += measure.references;
    by_references_.Add(measure.references, address, type);
  } else {
    usage.references_known = false;
  }
}

void HeapMeasurer::LookAgain(RemoteAddr address, TypeIndex type,
                             ObjectMeasure& measure) {
  if (second_looks_++ >= kMaxSecondLooks) return;
  const TypeShape& shape = shapes_[type];
  measure = {shape.fixed_bytes, shape.fixed_references};
  const Surroundings around = ReadAround(types_.memory(), address);
  const ObjectView object = around.ViewOf(address);
  // Freed meanwhile.
  if (object.Pointer(context_.layout.object.ob_type) != types_[type].address)
    return;
  // Remembers nothing of the first look.
  ReadCache memory(types_.memory());
  measure = MeasureObject({context_.layout, memory, context_.general_lookup},
                          shape, object);
}

void HeapMeasurer::Retract(const HeapBlock& block, TypeTable&) {
  for (const ObjectRef& object : block.objects) {
    const RemoteAddr address = block.AddressOf(object);
    const auto put_off =
        std::find_if(deferred_.begin(), deferred_.end(),
                     [&](const Deferred& d) { return d.address == address; });
    if (put_off != deferred_.end()) {
      deferred_.erase(put_off);
      continue;
    }
    const ObjectMeasure measure =
        MeasureObject(context_, shapes_[object.type],
                      ObjectView(address, block.bytes, object.offset));
    TypeUsage& usage = usage_[object.type];
    --usage.objects;
    usage.bytes -= std::min(usage.bytes, measure.bytes);
    usage.references -= std::min(usage.references, measure.references);
    by_bytes_.Remove(address);
    by_references_.Remove(address);
  }
}

void HeapMeasurer::Finish() {
  order_.clear();
  for (uint32_t i = 0; i < deferred_.size(); ++i)
    order_.emplace_back(Value(deferred_[i].out_of_line.range.begin), i);
  std::sort(order_.begin(), order_.end());
  for (size_t begin = 0; begin < order_.size();) {
    // The limit of reads starts anew.
    memory_.Enter({}, {});
    ranges_.clear();
    uint64_t bytes = 0;
    size_t end = begin;
    for (; end < order_.size() && end - begin < kBatch && bytes < kBatchBytes;
         ++end) {
      ranges_.push_back(deferred_[order_[end].second].out_of_line.range);
      bytes += ranges_.back().size() + kGapBytes;
    }
    const std::span<const std::pair<uint64_t, uint32_t>> batch =
        std::span(order_).subspan(begin, end - begin);
    begin = end;
    memory_.Prefetch(ranges_);
    for (const auto& [address, i] : batch) {
      Deferred& deferred = deferred_[i];
      MeasureOutOfLine(context_, deferred.out_of_line, deferred.measure);
      if (deferred.measure.bytes >= kLargeBytes) [[unlikely]]
        LookAgain(deferred.address, deferred.type, deferred.measure);
      Add(deferred.address, deferred.type, shapes_[deferred.type],
          deferred.measure);
    }
  }
  deferred_.clear();
}

}  // namespace leak_exporter::cpython
