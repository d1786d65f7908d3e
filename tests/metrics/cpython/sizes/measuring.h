#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "metrics/cpython/sizes/object_measure.h"
#include "tests/catch.h"
#include "tests/metrics/cpython/objects/object_builder.h"
#include "tests/metrics/cpython/recorded_objects.h"

namespace leak_exporter::cpython {

/// What is measured of the object at `address`, which must be one, out of as
/// many bytes around it as a walk has at hand.
inline ObjectMeasure Measure(const RemoteMemory& memory, const Layout& layout,
                             RemoteAddr address) {
  constexpr size_t kBefore = 64;
  constexpr size_t kBehind = 4096;
  std::array<std::byte, kBefore + kBehind> bytes{};
  const auto got = memory.ReadSome(address - kBefore, bytes);
  const ObjectView view(address, std::span(bytes).first(got.value_or(0)),
                        kBefore);
  TypeTable types(memory, layout);
  ReadCache cache(memory);
  TypeShapes shapes(types, cache);
  const TypeIndex type = types.Find(view.Pointer(layout.object.ob_type));
  REQUIRE(type != kNoType);
  return MeasureObject({layout, cache, FindGeneralLookup(types, type)},
                       shapes[type], view);
}

inline ObjectMeasure Measure(const ObjectBuilder& builder, RemoteAddr address) {
  return Measure(builder.Memory(), builder.layout(), address);
}

/// A recording with another value in one place, which it must have.
template <typename T>
ImageMemory Torn(const ImageMemory& memory, RemoteAddr address,
                 const T& value) {
  std::vector<MemorySegment> segments = memory.segments();
  bool found = false;
  for (MemorySegment& segment : segments) {
    const uint64_t offset = Value(address) - Value(segment.address);
    if (offset > segment.bytes.size() ||
        sizeof(value) > segment.bytes.size() - offset)
      continue;
    std::memcpy(segment.bytes.data() + offset, &value, sizeof(value));
    found = true;
  }
  REQUIRE(found);
  return *ImageMemory::FromSegments(std::move(segments));
}

/// Compares with what each recorded interpreter says of its own objects of
/// these names; returns how many there were.
inline size_t CompareWithRecorded(
    const std::vector<std::string>& names,
    const std::vector<std::string>& versions = kRecordedVersions) {
  size_t compared = 0;
  for (const std::string& version : versions) {
    const RecordedHeap& heap = RecordedObjects(version);
    for (const std::string& name : names) {
      const auto object = heap.objects.find(name);
      if (object == heap.objects.end()) continue;
      INFO(version << ' ' << name);
      const ObjectMeasure measure =
          Measure(heap.memory, heap.runtime.layout, object->second.address);
      CHECK(measure.bytes == object->second.bytes);
      CHECK(measure.references == object->second.references);
      ++compared;
    }
  }
  return compared;
}

}  // namespace leak_exporter::cpython
