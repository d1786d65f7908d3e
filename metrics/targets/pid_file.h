#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "metrics/base/result.h"

namespace leak_exporter {

/// Parses the text of a pid file, which holds one positive number and nothing
/// else but blanks around it. Touches no file.
Result<pid_t> ParsePidFile(std::string_view text);

/// Reads the first bytes of a pid file and parses them. ENOENT where there is
/// no such file.
Result<pid_t> ReadPidFile(const std::string& path);

}  // namespace leak_exporter
