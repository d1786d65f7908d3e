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

/// The directories under `root` that an absolute pattern matches, sorted by
/// path. Each component is matched as by fnmatch(3) with FNM_PATHNAME and
/// FNM_PERIOD: "*", "?" and "[…]" never match a "/" or a leading ".". The part
/// before the first wildcard may lead through symbolic links; from there on
/// none is followed, because in a directory such as /tmp anyone may place one
/// that leads anywhere. What does not exist is no match. What cannot be read,
/// more than `max_matches` of them and the deadline are counted in `errors`,
/// and the matches found so far are returned.
std::vector<GlobMatch> MatchDirectories(const FileRoot& root,
                                        const std::string& pattern,
                                        size_t max_matches,
                                        const Deadline& deadline,
                                        ErrorTally& errors);

}  // namespace leak_exporter
