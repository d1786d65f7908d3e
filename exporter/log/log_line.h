#pragma once

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>

#include "exporter/log/log_field.h"

namespace leak_exporter {

/// The part of an event that stays the same when the event is repeated: `msg`,
/// then the fields in their order. Holds valid UTF-8 without control
/// characters, whatever the texts hold: these are escaped, and bytes that are
/// not UTF-8 are replaced.
std::string EventText(LogFormat format, std::string_view message,
                      std::initializer_list<LogField> fields);

/// Appends one more field to such a text.
void AppendField(LogFormat format, const LogField& field, std::string& text);

/// The event as one line without its newline: `ts` (UTC, RFC 3339,
/// milliseconds), `level`, then `event_text`.
std::string LogLine(LogFormat format,
                    std::chrono::system_clock::time_point wall_time,
                    LogLevel level, std::string_view event_text);

}  // namespace leak_exporter
