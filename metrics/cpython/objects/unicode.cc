#include "metrics/cpython/objects/unicode.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "metrics/base/utf8.h"

namespace leak_exporter::cpython {
namespace {

constexpr size_t kLargestHeader = 96;

// The bits of PyASCIIObject.state, from the lowest: interned 2, kind 3, compact
// 1, ascii 1.
struct State {
  uint32_t kind;
  bool compact;
  bool ascii;
};

State ParseState(const Layout& layout, uint32_t bits) {
  bits >>= layout.unicode.state_shift;
  return {bits >> 2 & 7, (bits >> 5 & 1) != 0, (bits >> 6 & 1) != 0};
}

Error BadText(RemoteAddr address, const std::string& why) {
  return {0, "str at " + ToString(address) + ": " + why};
}

Result<std::string> ReadRaw(const RemoteMemory& memory, RemoteAddr data,
                            size_t size) {
  std::string bytes(size, '\0');
  auto read = memory.ReadExact(
      data, std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
  if (!read) return tl::unexpected<Error>(read.error());
  return bytes;
}

std::string Decode(const std::string& raw, uint32_t kind) {
  std::string text;
  text.reserve(raw.size());
  for (size_t i = 0; i + kind <= raw.size(); i += kind) {
    uint32_t code_point = 0;
    std::memcpy(&code_point, raw.data() + i, kind);
    AppendUtf8(text, code_point);
  }
  return text;
}

}  // namespace

Result<std::string> ReadText(const RemoteMemory& memory, const Layout& layout,
                             RemoteAddr address, size_t limit) {
  const bool is_bytes = layout.unicode.state == kAbsent;
  std::array<std::byte, kLargestHeader> header;
  const size_t header_size =
      is_bytes ? layout.bytes.ob_sval : layout.unicode.state + sizeof(uint32_t);
  auto read = memory.ReadExact(address, std::span(header).first(header_size));
  if (!read) return tl::unexpected<Error>(read.error());

  const auto length = Load<uint64_t>(
      header, is_bytes ? layout.object.ob_size : layout.unicode.length);
  if (length > limit) {
    return tl::unexpected<Error>(BadText(
        address, "a length of " + std::to_string(length) + ", over the limit"));
  }
  const auto size = static_cast<size_t>(length);
  if (is_bytes) return ReadRaw(memory, address + header_size, size);

  const State state =
      ParseState(layout, Load<uint32_t>(header, layout.unicode.state));
  if (state.kind != 1 && state.kind != 2 && state.kind != 4) {
    return tl::unexpected<Error>(
        BadText(address, "kind " + std::to_string(state.kind)));
  }
  RemoteAddr data = address + (state.ascii ? layout.unicode.ascii_size
                                           : layout.unicode.compact_size);
  if (!state.compact) {
    auto pointer = memory.ReadPointer(address + layout.unicode.data);
    if (!pointer) return tl::unexpected<Error>(pointer.error());
    data = *pointer;
  }
  auto raw = ReadRaw(memory, data, size * state.kind);
  if (!raw || state.ascii) return raw;
  return Decode(*raw, state.kind);
}

}  // namespace leak_exporter::cpython
