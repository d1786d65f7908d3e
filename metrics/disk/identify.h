#pragma once

#include <string>

#include "metrics/base/result.h"
#include "metrics/base/unique_fd.h"
#include "metrics/disk/file_id.h"

namespace leak_exporter {

/// Tells which file is open. Asks no file server, since what identifies a file
/// never changes, so that a dead one cannot block the caller. Errors name
/// `path`.
Result<FileId> Identify(const UniqueFd& file, const std::string& path);

}  // namespace leak_exporter
