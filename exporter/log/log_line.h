#pragma once

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>

#include "exporter/log/log.h"

namespace leak_exporter {

/// One event as one line without its newline, in valid UTF-8 without control
/// characters: `ts` (UTC, RFC 3339, milliseconds), `level`, `msg`, then the
/// fields in their order.
std::string LogLine(LogFormat format,
                    std::chrono::system_clock::time_point wall_time,
                    LogLevel level, std::string_view message,
                    std::initializer_list<LogField> fields);

}  // namespace leak_exporter
