#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "metrics/base/deadline.h"
#include "metrics/base/error_tally.h"
#include "metrics/disk/file_id.h"
#include "metrics/disk/file_root.h"

namespace leak_exporter {

/// A directory that a glob matches.
struct GlobMatch {
  /// Absolute under the root it was found in.
  std::string path;
  FileId id;
};

struct GlobLimits {
  size_t matches = 8192;
  /// How long the paths of all matches may be together.
  size_t path_bytes = size_t{1} << 20;
};

/// Finds the directories under `root` that an absolute pattern matches, sorted
/// by path. Each component is matched as fnmatch(3) does with FNM_PATHNAME and
/// FNM_PERIOD: "*", "?" and "[…]" never match a "/" or a leading ".". The part
/// before the first wildcard may lead through symbolic links. From there on no
/// link is followed, because in a directory such as /tmp anyone may place one
/// that leads anywhere. What does not exist is no match.
///
/// Three things are counted in `errors`: what cannot be read, more matches than
/// the limits allow, and an expired deadline. The matches found so far are
/// returned all the same.
std::vector<GlobMatch> MatchDirectories(const FileRoot& root,
                                        const std::string& pattern,
                                        const GlobLimits& limits,
                                        const Deadline& deadline,
                                        ErrorTally& errors);

}  // namespace leak_exporter
