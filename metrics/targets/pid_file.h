#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "metrics/base/result.h"

namespace leak_exporter {

/// The process id that a pid file's text holds: one positive number, with
/// blanks around it at most. Touches no file.
Result<pid_t> ParsePidFile(std::string_view text);

/// Reads and parses a pid file, of which a few bytes suffice. ENOENT where
/// there is none.
Result<pid_t> ReadPidFile(const std::string& path);

}  // namespace leak_exporter
