#include "exporter/cli/version.h"

#include "tests/catch.h"

namespace leak_exporter {
namespace {

TEST_CASE("version: what the build was made of") {
  const BuildInfo& build = ThisBuild();
  CHECK(build.version == "0.1.0");
  CHECK_FALSE(build.revision.empty());
  CHECK(build.revision.find('@') == std::string::npos);
  CHECK_THAT(build.compiler, ContainsSubstring(" "));
}

}  // namespace
}  // namespace leak_exporter
