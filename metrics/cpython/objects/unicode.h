#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "metrics/cpython/layout/layout.h"
#include "metrics/cpython/objects/object_view.h"
#include "metrics/remote/read_cache.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

/// How a str of 3.x (2.7: unicode) keeps its characters, and where.
struct TextForm {
  RemoteAddr data{};
  /// In characters.
  uint64_t length = 0;
  /// Bytes a character: 1, 2 or 4; any other number means that this is no str.
  uint64_t kind = 0;
  /// The characters follow the header, rather than standing elsewhere.
  bool compact = false;
  bool ascii = false;

  bool IsPlausible() const { return kind == 1 || kind == 2 || kind == 4; }
};

/// The form of a str of 3.x whose header is in the view.
TextForm FindTextForm(const Layout& layout, const ObjectView& object);

/// Reads the form of a str of 3.x or of a unicode of 2.7. Absent where it
/// cannot be read or is not plausible.
std::optional<TextForm> ReadTextForm(ReadCache& memory, const Layout& layout,
                                     RemoteAddr text);

/// Bytes a character of a unicode of 2.7, which is built for two or for four:
/// four where that makes sense, NUL at the end included.
uint64_t GuessCharacterBytes(ReadCache& memory, RemoteAddr data,
                             uint64_t length);

/// Reads the text of a str as UTF-8 (in 2.7, where a str holds bytes, its
/// bytes). The caller has made sure that the object is one. A text of more than
/// `limit` characters, or one whose header makes no sense, is an error.
Result<std::string> ReadText(const RemoteMemory& memory, const Layout& layout,
                             RemoteAddr address, size_t limit);

}  // namespace leak_exporter::cpython
