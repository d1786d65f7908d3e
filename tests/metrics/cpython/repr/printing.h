#pragma once

#include <string>
#include <vector>

#include "metrics/cpython/repr/repr.h"
#include "tests/catch.h"
#include "tests/metrics/cpython/objects/object_builder.h"
#include "tests/metrics/cpython/recorded_objects.h"

namespace leak_exporter::cpython {

inline std::string Print(const ObjectBuilder& builder, RemoteAddr object,
                         size_t limit = 100) {
  BuiltObjects built(builder);
  return ReprPrinter(built.types).Print(object, limit);
}

/// Compares with repr()[:100] of each recorded interpreter's objects of these
/// names; returns how many there were.
inline size_t CompareReprs(
    const std::vector<std::string>& names,
    const std::vector<std::string>& versions = kRecordedVersions) {
  size_t compared = 0;
  for (const std::string& version : versions) {
    const RecordedHeap& heap = RecordedObjects(version);
    TypeTable types(heap.memory, heap.runtime.layout);
    ReprPrinter printer(types);
    for (const std::string& name : names) {
      const auto object = heap.objects.find(name);
      if (object == heap.objects.end()) continue;
      INFO(version << ' ' << name);
      CHECK(printer.Print(object->second.address) == object->second.repr);
      ++compared;
    }
  }
  return compared;
}

/// "<NAME object at 0x…>", as an object is shown that nobody renders.
inline std::string PlainRepr(const std::string& name, RemoteAddr object) {
  return "<" + name + " object at " + ToString(object) + ">";
}

}  // namespace leak_exporter::cpython
