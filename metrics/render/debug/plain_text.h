#pragma once

#include <string>
#include <string_view>

namespace leak_exporter::render {

/// Appends bytes of the outside world so that they stay within their line and
/// cannot steer a terminal: control characters, line separators, bidirectional
/// overrides and bytes that are not UTF-8 appear as \xNN, a byte each. A
/// backslash stays as it is; the lines are for reading, and JSON carries names
/// for programs.
void AppendPlainText(std::string_view bytes, std::string& out);

}  // namespace leak_exporter::render
