#include <algorithm>
#include <array>
#include <cstring>

#include "metrics/cpython/objects/unicode.h"
#include "metrics/cpython/repr/printable.h"
#include "metrics/cpython/repr/repr_context.h"

namespace leak_exporter::cpython {
namespace {

constexpr size_t kChunkBytes = 4096;
/// The quotes depend on the whole text; this much of it is looked at.
constexpr uint64_t kMaxScannedBytes = 16 << 20;
constexpr size_t kMaxShortText = 64 << 10;

/// Where the characters of a str or bytes are.
struct Characters {
  RemoteAddr data{};
  uint64_t length = 0;
  /// Bytes a character: 1, 2 or 4.
  uint64_t kind = 1;
};

std::optional<Characters> FindTextCharacters(ReprContext& context,
                                             RemoteAddr text) {
  const auto form = ReadTextForm(context.memory, context.layout, text);
  if (!form) return std::nullopt;
  return Characters{form->data, form->length, form->kind};
}

/// Calls `use(character)` for each character until it returns false, the text
/// ends, or `limit` bytes were read. Returns false where the text cannot be
/// read.
template <typename Use>
bool ForEach(ReprContext& context, const Characters& characters, uint64_t limit,
             Use use) {
  std::array<std::byte, kChunkBytes> chunk;
  const uint64_t wanted =
      std::min(characters.length, limit / characters.kind) * characters.kind;
  for (uint64_t at = 0; at < wanted;) {
    const auto size =
        static_cast<size_t>(std::min<uint64_t>(kChunkBytes, wanted - at));
    const std::span<std::byte> part = std::span(chunk).first(size);
    if (!context.memory.ReadExact(characters.data + at, part)) return false;
    for (size_t i = 0; i + characters.kind <= size; i += characters.kind) {
      uint32_t character = 0;
      std::memcpy(&character, part.data() + i, characters.kind);
      if (!use(character)) return true;
    }
    at += size;
  }
  return true;
}

/// Chooses double quotes only where that saves escaping single ones.
char ChooseQuote(ReprContext& context, const Characters& characters) {
  bool has_single = false;
  bool has_double = false;
  ForEach(context, characters, kMaxScannedBytes, [&](uint32_t character) {
    has_single = has_single || character == '\'';
    has_double = has_double || character == '"';
    return !has_double;
  });
  return has_single && !has_double ? '"' : '\'';
}

void WriteHex(ReprContext& context, char letter, uint32_t value, int digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  context.out.Put(uint32_t{'\\'});
  context.out.Put(static_cast<uint32_t>(letter));
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
    context.out.Put(static_cast<uint32_t>(kDigits[value >> shift & 0xF]));
}

/// Writes what both str and bytes escape alike; false for any other character.
bool WriteEscaped(ReprContext& context, uint32_t character, char quote) {
  switch (character) {
    case '\t':
      context.out.Put("\\t");
      return true;
    case '\n':
      context.out.Put("\\n");
      return true;
    case '\r':
      context.out.Put("\\r");
      return true;
    default:
      break;
  }
  if (character != '\\' && character != static_cast<uint32_t>(quote))
    return false;
  context.out.Put(uint32_t{'\\'});
  context.out.Put(character);
  return true;
}

bool WriteTextCharacters(ReprContext& context, const Characters& characters) {
  const char quote = ChooseQuote(context, characters);
  context.out.Put(static_cast<uint32_t>(quote));
  const bool read =
      ForEach(context, characters, UINT64_MAX, [&](uint32_t character) {
        if (WriteEscaped(context, character, quote)) {
          return !context.out.full();
        }
        if (IsPrintable(character, context.layout.version)) {
          context.out.Put(character);
        } else if (character < 0x100) {
          WriteHex(context, 'x', character, 2);
        } else if (character < 0x10000) {
          WriteHex(context, 'u', character, 4);
        } else {
          WriteHex(context, 'U', character, 8);
        }
        return !context.out.full();
      });
  context.out.Put(static_cast<uint32_t>(quote));
  return read;
}

/// `always_escaped` is a quote that is escaped whichever quotes are chosen, as
/// a bytearray does.
bool WriteByteCharacters(ReprContext& context, const Characters& characters,
                         char always_escaped = '\0') {
  const char quote = ChooseQuote(context, characters);
  const char escaped = always_escaped != '\0' ? always_escaped : quote;
  context.out.Put(static_cast<uint32_t>(quote));
  const bool read =
      ForEach(context, characters, UINT64_MAX, [&](uint32_t character) {
        if (!WriteEscaped(context, character, escaped)) {
          if (character >= 0x20 && character < 0x7F) {
            context.out.Put(character);
          } else {
            WriteHex(context, 'x', character, 2);
          }
        }
        return !context.out.full();
      });
  context.out.Put(static_cast<uint32_t>(quote));
  return read;
}

std::optional<uint64_t> Size(ReprContext& context, RemoteAddr object) {
  return context.memory.Read<uint64_t>(object + context.layout.object.ob_size);
}

}  // namespace

bool WriteText(ReprContext& context, const ReprSubject& subject) {
  const auto characters = FindTextCharacters(context, subject.address);
  if (!characters) return false;
  if (context.python2()) context.out.Put("u");
  WriteTextCharacters(context, *characters);
  return true;
}

bool WriteBytes(ReprContext& context, const ReprSubject& subject) {
  const auto size = Size(context, subject.address);
  if (!size) return false;
  if (!context.python2()) context.out.Put("b");
  WriteByteCharacters(
      context, {subject.address + context.layout.bytes.ob_sval, *size, 1});
  return true;
}

bool WriteByteArray(ReprContext& context, const ReprSubject& subject) {
  const auto& layout = context.layout.bytearray;
  const auto size = Size(context, subject.address);
  // 2.7 keeps the start after the capacity.
  const Offset start =
      layout.ob_start == kAbsent ? layout.ob_alloc + 8 : layout.ob_start;
  if (!size) return false;
  context.out.Put(context.layout.internal.subclass_names_shown
                      ? ShortName(context, subject.type)
                      : subject.native_name);
  context.out.Put("(b");
  WriteByteCharacters(
      context, {context.Pointer(subject.address + start), *size, 1},
      context.layout.internal.bytearray_escapes_single ? '\'' : '\0');
  context.out.Put(")");
  return true;
}

bool WriteRawText(ReprContext& context, RemoteAddr text) {
  if (context.python2()) {
    context.out.Put(ReadShortText(context, text));
    return true;
  }
  const auto characters = FindTextCharacters(context, text);
  if (!characters) return false;
  return ForEach(context, *characters, UINT64_MAX, [&](uint32_t character) {
    context.out.Put(character);
    return !context.out.full();
  });
}

std::string ReadShortText(ReprContext& context, RemoteAddr text) {
  if (text == RemoteAddr{}) return {};
  const TypeIndex type = context.types.Find(context.TypeOf(text));
  if (type == kNoType || !context.types[type].Has(
                             context.python2() ? type_flags::kBytesSubclass
                                               : type_flags::kUnicodeSubclass))
    return {};
  return ReadText(context.types.memory(), context.layout, text, kMaxShortText)
      .value_or("");
}

}  // namespace leak_exporter::cpython
