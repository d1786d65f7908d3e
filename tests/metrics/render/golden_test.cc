#include "tests/golden.h"

#include <string>

#include "metrics/render/debug_text.h"
#include "metrics/render/families.h"
#include "metrics/render/json.h"
#include "metrics/render/openmetrics_text.h"
#include "tests/catch.h"
#include "tests/metrics/render/sample_snapshot.h"

namespace leak_exporter::render {
namespace {

std::string Exposition(Dialect dialect) {
  const ExporterStatus status = SampleExporterStatus();
  std::string out;
  WriteFamilies(BuildFamilies(RichSnapshot(), &status), dialect, out);
  return out;
}

TEST_CASE("golden: the text format") {
  CheckGolden("render/rich.prom", Exposition(Dialect::kPrometheusText));
}

TEST_CASE("golden: OpenMetrics") {
  CheckGolden("render/rich.om", Exposition(Dialect::kOpenMetrics));
}

TEST_CASE("golden: debug blocks of several targets") {
  CheckGolden("render/rich.txt", DebugBlocks(RichSnapshot(), kProfiles, true));
}

TEST_CASE("golden: debug blocks of one quiet process") {
  CheckGolden("render/quiet.txt",
              DebugBlocks(QuietSnapshot(), kProfiles, false));
}

TEST_CASE("golden: profiles as JSON") {
  CheckGolden("render/rich.json", ProfilesJson(RichSnapshot(), kProfiles));
}

}  // namespace
}  // namespace leak_exporter::render
