#pragma once

#include <string>
#include <string_view>

namespace leak_exporter::render {

/// Appends a text from the outside world. The text stays within its line and
/// cannot control a terminal: each byte of a control character, a line
/// separator, a bidirectional override or ill-formed UTF-8 is written as \xNN.
/// A backslash is not escaped, because people read these lines. Programs read
/// JSON.
void AppendPlainText(std::string_view bytes, std::string& out);

}  // namespace leak_exporter::render
