#pragma once

#include <string>

namespace leak_exporter {

/// What this build was made from, as leak_exporter_build_info shows it.
struct BuildInfo {
  /// CMake's project version: "0.1.0".
  std::string version;
  /// The commit when the build was configured, "unknown" outside of a clone.
  std::string revision;
  /// "GNU 12.2.0"
  std::string compiler;
};

const BuildInfo& ThisBuild();

}  // namespace leak_exporter
