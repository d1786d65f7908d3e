#include "metrics/render/prometheus/target_sink.h"

#include <limits>
#include <string>
#include <string_view>

#include "tests/catch.h"
#include "tests/metrics/render/prometheus/samples.h"

namespace leak_exporter::render {
namespace {

TEST_CASE("target sink: a pid is a label") {
  for (const pid_t pid : {0, 7, 4194304, std::numeric_limits<pid_t>::max(),
                          std::numeric_limits<pid_t>::min()}) {
    CHECK(std::string_view(PidLabel(pid)) == std::to_string(pid));
  }
}

TEST_CASE("target sink: what was dropped carries the name of its family") {
  FamilySet families;
  LimitedRows<NamedBytes> rows;
  rows.dropped = 12;
  AddDropped(MetricId::kMappingBytes, rows, {"t", families});
  rows.dropped = 0;
  AddDropped(MetricId::kChildAgeSeconds, rows, {"t", families});
  CHECK(SamplesOf(families.Take(), "leak_series_dropped") ==
        Lines{"{target=t,family=leak_mapping_bytes} 12",
              "{target=t,family=leak_child_age_seconds} 0"});
}

}  // namespace
}  // namespace leak_exporter::render
