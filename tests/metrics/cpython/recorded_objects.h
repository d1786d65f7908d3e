#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/metrics/cpython/recorded_heap.h"

namespace leak_exporter::cpython {

/// The interpreters of fixtures/cpython/objects.
inline const std::vector<std::string> kRecordedVersions = {
    "2.7.18", "3.8.18", "3.11.2", "3.12.1", "3.13.5", "3.15.2"};

/// Their objects, and what they say of them; read once a program.
inline const RecordedHeap& RecordedObjects(const std::string& version) {
  static std::map<std::string, RecordedHeap> heaps;
  const auto known = heaps.find(version);
  if (known != heaps.end()) return known->second;
  auto heap = RecordedHeap::Load(LEAK_TEST_FIXTURES "/cpython/objects/" +
                                 version + ".heap.gz");
  if (!heap) FAIL(heap.error().message);
  return heaps.emplace(version, *std::move(heap)).first->second;
}

}  // namespace leak_exporter::cpython
