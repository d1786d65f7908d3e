#pragma once

#include <cstddef>
#include <string>

#include "metrics/cpython/layout.h"
#include "metrics/cpython/remote_memory.h"

namespace leak_exporter::cpython {

/// Appends a code point as UTF-8; lone surrogates get their three bytes too,
/// and what is no code point becomes U+FFFD.
void AppendUtf8(std::string& out, uint32_t code_point);

/// Reads the text of a str (3.x; in 2.7 of a str, as bytes) as UTF-8. The
/// caller has made sure that the object is one. At most `limit` characters;
/// a longer one, or one whose header makes no sense, is an error.
Result<std::string> ReadText(const RemoteMemory& memory, const Layout& layout,
                             RemoteAddr address, size_t limit);

}  // namespace leak_exporter::cpython
