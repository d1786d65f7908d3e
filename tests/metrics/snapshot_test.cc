#include "metrics/snapshot.h"

#include <memory>
#include <set>
#include <type_traits>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

/// Fills every part, so that each can be told from a null one.
TargetSnapshot WithEveryPart() {
  TargetSnapshot snapshot;
  ForEachPart([&](CollectorId, auto part) {
    using Element =
        typename std::remove_reference_t<decltype(snapshot.*
                                                  part)>::element_type;
    snapshot.*part = std::make_shared<Element>();
  });
  return snapshot;
}

TEST_CASE("snapshot: each part is visited once") {
  const TargetSnapshot snapshot = WithEveryPart();
  CHECK(snapshot.process_tree);
  CHECK(snapshot.memory);
  CHECK(snapshot.mappings);
  CHECK(snapshot.open_files);
  CHECK(snapshot.proportional_memory);
  CHECK(snapshot.disk_usage);
  CHECK(snapshot.python_heap);
  std::set<const void*> parts;
  ForEachPart([&](CollectorId, auto part) {
    CHECK(parts.insert((snapshot.*part).get()).second);
  });
  CHECK(parts.size() == kCountOf<CollectorId> - 1);
}

TEST_CASE("snapshot: each collector has a part, the search has none") {
  std::set<CollectorId> collectors;
  ForEachPart(
      [&](CollectorId id, auto) { CHECK(collectors.insert(id).second); });
  CHECK(collectors.size() == kCountOf<CollectorId> - 1);
  CHECK_FALSE(collectors.contains(CollectorId::kTargets));
}

}  // namespace
}  // namespace leak_exporter
