#include "tests/golden.h"

#include <string>

#include "metrics/render/debug/debug_text.h"
#include "metrics/render/json/json.h"
#include "metrics/render/prometheus/metric_families.h"
#include "metrics/render/prometheus/openmetrics_text.h"
#include "tests/catch.h"
#include "tests/limit.h"
#include "tests/metrics/render/sample_snapshot.h"

namespace leak_exporter::render {
namespace {

std::string Exposition(Dialect dialect) {
  const ExporterStatus status = SampleExporterStatus();
  std::string out;
  WriteFamilies(BuildFamilies(LimitAtOnce(RichSnapshot(), RichTops()), &status),
                dialect, out);
  return out;
}

TEST_CASE("golden: the text format") {
  CheckGolden("render/rich.prom", Exposition(Dialect::kPrometheusText));
}

TEST_CASE("golden: OpenMetrics") {
  CheckGolden("render/rich.om", Exposition(Dialect::kOpenMetrics));
}

TEST_CASE("golden: debug blocks of several targets") {
  CheckGolden("render/rich.txt",
              DebugBlocks(RichSnapshot(), kDebugBlocks, true));
}

TEST_CASE("golden: debug blocks of one quiet process") {
  CheckGolden("render/quiet.txt",
              DebugBlocks(QuietSnapshot(), kDebugBlocks, false));
}

TEST_CASE("golden: profiles as JSON") {
  CheckGolden("render/rich.json", BlocksJson(RichSnapshot(), kDebugBlocks));
}

}  // namespace
}  // namespace leak_exporter::render
