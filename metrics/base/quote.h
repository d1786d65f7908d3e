#pragma once

#include <string>
#include <string_view>

namespace leak_exporter {

/// The text for a message of one line: control characters and bytes that are
/// not UTF-8 escaped as \n, \t, \x1b, \u2028, and cut with "..." after about 60
/// bytes.
std::string Escape(std::string_view text);

/// The same between single quotes.
std::string Quote(std::string_view text);

}  // namespace leak_exporter
