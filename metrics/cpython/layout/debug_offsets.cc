#include "metrics/cpython/layout/debug_offsets.h"

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace leak_exporter::cpython {
namespace {

constexpr std::string_view kCookie = "xdebugpy";
constexpr size_t kLargestDescription = 768;
// Interpreters are 100 to 400 kB, objects' fixed parts below 1 kB.
constexpr uint64_t kLargestStateOffset = uint64_t{4} << 20;
constexpr uint64_t kLargestObjectOffset = 4096;

/// Where the description has something, and where that goes.
struct Entry {
  size_t position;
  Offset& field;
  uint64_t largest;
};

// The description itself differs from one minor to the next; the table is
// checked with the layouts.
std::vector<Entry> EntriesOf(Layout& l) {
  const bool has_threads_main = l.version.minor >= 14;
  const size_t shift = has_threads_main ? 8 : 0;
  std::vector<Entry> entries = {
      {40, l.runtime.interpreters_head, kLargestStateOffset},
      {48, l.interpreter.size, kLargestStateOffset},
      {56, l.interpreter.id, kLargestStateOffset},
      {64, l.interpreter.next, kLargestStateOffset},
      {80 + shift, l.interpreter.gc, kLargestStateOffset},
      {88 + shift, l.interpreter.modules, kLargestStateOffset},
      {96 + shift, l.interpreter.sysdict, kLargestStateOffset},
  };
  struct Positions {
    size_t ob_type, tp_name, tp_flags, tuple_item, list_item, ma_keys;
    size_t lv_tag, state, collecting;
  };
  Positions at = {360, 376, 392, 408, 432, 456, 496, 544, 576};
  if (l.version.minor == 14) {
    at = {408, 424, 440, 456, 480, 536, 576, 624, 656};
  } else if (l.version.minor == 15) {
    at = {472, 488, 504, 552, 576, 632, 672, 720, 760};
  }
  const auto object = [&entries](size_t position, Offset& field) {
    entries.push_back({position, field, kLargestObjectOffset});
  };
  object(at.ob_type, l.object.ob_type);
  object(at.tp_name, l.type.tp_name);
  object(at.tp_flags, l.type.tp_flags);
  object(at.tuple_item, l.tuple.ob_item);
  object(at.list_item, l.list.ob_item);
  object(at.ma_keys, l.dict.ma_keys);
  object(at.ma_keys + 8, l.dict.ma_values);
  object(at.lv_tag, l.long_object.lv_tag);
  object(at.lv_tag + 8, l.long_object.ob_digit);
  object(at.state, l.unicode.state);
  object(at.state + 8, l.unicode.length);
  object(at.state + 16, l.unicode.ascii_size);
  object(at.collecting, l.gc.collecting);
  return entries;
}

}  // namespace

Result<std::optional<DebugVersion>> ReadDebugVersion(const RemoteMemory& memory,
                                                     RemoteAddr runtime) {
  struct Head {
    std::array<char, 8> cookie;
    uint64_t version;
    uint64_t free_threaded;
  };
  const auto head = memory.Read<Head>(runtime);
  if (!head) return tl::unexpected<Error>(head.error());
  if (std::string_view(head->cookie.data(), head->cookie.size()) != kCookie) {
    return std::optional<DebugVersion>();
  }
  return DebugVersion{VersionFromHex(head->version), head->free_threaded != 0};
}

Result<void> ApplyDebugOffsets(const RemoteMemory& memory, RemoteAddr runtime,
                               Layout& layout) {
  std::array<std::byte, kLargestDescription> description;
  auto read = memory.ReadExact(runtime, description);
  if (!read) return read;
  Layout changed = layout;
  for (const Entry& entry : EntriesOf(changed)) {
    const auto offset = Load<uint64_t>(description, entry.position);
    if (offset > entry.largest) {
      return Failure(0, "_Py_DebugOffsets at " + ToString(runtime) +
                            ": offset " + std::to_string(offset) +
                            " at position " + std::to_string(entry.position));
    }
    entry.field = static_cast<Offset>(offset);
  }
  layout = changed;
  return {};
}

}  // namespace leak_exporter::cpython
