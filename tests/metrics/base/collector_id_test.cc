#include "metrics/base/collector_id.h"

#include <set>
#include <string>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

TEST_CASE("collector_id: names are unique and fit for labels and keys") {
  std::set<std::string> names;
  for (const CollectorId id : kValuesOf<CollectorId>) {
    const std::string name(NameOf(id));
    INFO(name);
    CHECK(names.insert(name).second);
    CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") ==
          std::string::npos);
  }
}

TEST_CASE("collector_id: the search of processes reports beside collectors") {
  CHECK(NameOf(CollectorId::kTargets) == "targets");
  CHECK(kValuesOf<CollectorId>.front() == CollectorId::kTargets);
}

}  // namespace
}  // namespace leak_exporter
