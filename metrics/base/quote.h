#pragma once

#include <string>
#include <string_view>

namespace leak_exporter {

/// Makes a text fit for a message of one line. Control characters and bytes
/// that are not UTF-8 are escaped as \n, \t, \x1b or \u2028. A text longer than
/// about 60 bytes is cut and ends in "...".
std::string Escape(std::string_view text);

/// The same between single quotes.
std::string Quote(std::string_view text);

}  // namespace leak_exporter
