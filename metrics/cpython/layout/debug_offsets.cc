#include "metrics/cpython/layout/debug_offsets.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace leak_exporter::cpython {
namespace {

constexpr std::string_view kCookie = "xdebugpy";
constexpr size_t kLargestDescription = 768;
// The state of an interpreter takes 100 to 400 kB, the fixed part of an object
// less than 1 kB.
constexpr uint64_t kLargestStateOffset = uint64_t{4} << 20;
constexpr uint64_t kLargestObjectOffset = 4096;

/// The positions at which the description of a minor version of Python 3 has
/// what is read of it. They differ from one version to the next.
struct Positions {
  uint32_t minor;
  size_t interpreters_head;
  size_t interpreter_size;
  size_t interpreter_id;
  size_t interpreter_next;
  size_t interpreter_gc;
  size_t interpreter_modules;
  size_t interpreter_sysdict;
  size_t ob_type;
  size_t tp_name;
  size_t tp_flags;
  size_t tuple_ob_item;
  size_t list_ob_item;
  size_t ma_keys;
  size_t ma_values;
  size_t lv_tag;
  size_t ob_digit;
  size_t unicode_state;
  size_t unicode_length;
  size_t unicode_ascii_size;
  size_t gc_collecting;
};

constexpr Positions Positions313() {
  return {.minor = 13,
          .interpreters_head = 40,
          .interpreter_size = 48,
          .interpreter_id = 56,
          .interpreter_next = 64,
          .interpreter_gc = 80,
          .interpreter_modules = 88,
          .interpreter_sysdict = 96,
          .ob_type = 360,
          .tp_name = 376,
          .tp_flags = 392,
          .tuple_ob_item = 408,
          .list_ob_item = 432,
          .ma_keys = 456,
          .ma_values = 464,
          .lv_tag = 496,
          .ob_digit = 504,
          .unicode_state = 544,
          .unicode_length = 552,
          .unicode_ascii_size = 560,
          .gc_collecting = 576};
}

constexpr Positions Positions314() {
  Positions p = Positions313();
  p.minor = 14;
  // The field threads_main was added before these.
  p.interpreter_gc = 88;
  p.interpreter_modules = 96;
  p.interpreter_sysdict = 104;
  p.ob_type = 408;
  p.tp_name = 424;
  p.tp_flags = 440;
  p.tuple_ob_item = 456;
  p.list_ob_item = 480;
  p.ma_keys = 536;
  p.ma_values = 544;
  p.lv_tag = 576;
  p.ob_digit = 584;
  p.unicode_state = 624;
  p.unicode_length = 632;
  p.unicode_ascii_size = 640;
  p.gc_collecting = 656;
  return p;
}

constexpr Positions Positions315() {
  Positions p = Positions314();
  p.minor = 15;
  p.ob_type = 472;
  p.tp_name = 488;
  p.tp_flags = 504;
  p.tuple_ob_item = 552;
  p.list_ob_item = 576;
  p.ma_keys = 632;
  p.ma_values = 640;
  p.lv_tag = 672;
  p.ob_digit = 680;
  p.unicode_state = 720;
  p.unicode_length = 728;
  p.unicode_ascii_size = 736;
  p.gc_collecting = 760;
  return p;
}

constexpr std::array kPositions = {Positions313(), Positions314(),
                                   Positions315()};

/// A position in the description, the field that is set from it, and the
/// largest number that makes sense.
struct Entry {
  size_t position;
  Offset& field;
  uint64_t largest;
};

std::vector<Entry> EntriesOf(const Positions& at, Layout& l) {
  constexpr uint64_t kState = kLargestStateOffset;
  constexpr uint64_t kObject = kLargestObjectOffset;
  return {
      {at.interpreters_head, l.runtime.interpreters_head, kState},
      {at.interpreter_size, l.interpreter.size, kState},
      {at.interpreter_id, l.interpreter.id, kState},
      {at.interpreter_next, l.interpreter.next, kState},
      {at.interpreter_gc, l.interpreter.gc, kState},
      {at.interpreter_modules, l.interpreter.modules, kState},
      {at.interpreter_sysdict, l.interpreter.sysdict, kState},
      {at.ob_type, l.object.ob_type, kObject},
      {at.tp_name, l.type.tp_name, kObject},
      {at.tp_flags, l.type.tp_flags, kObject},
      {at.tuple_ob_item, l.tuple.ob_item, kObject},
      {at.list_ob_item, l.list.ob_item, kObject},
      {at.ma_keys, l.dict.ma_keys, kObject},
      {at.ma_values, l.dict.ma_values, kObject},
      {at.lv_tag, l.long_object.lv_tag, kObject},
      {at.ob_digit, l.long_object.ob_digit, kObject},
      {at.unicode_state, l.unicode.state, kObject},
      {at.unicode_length, l.unicode.length, kObject},
      {at.unicode_ascii_size, l.unicode.ascii_size, kObject},
      {at.gc_collecting, l.gc.collecting, kObject},
  };
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
  const auto* positions =
      std::find_if(kPositions.begin(), kPositions.end(), [&](const auto& p) {
        return IsSameMinor(layout.version, {3, p.minor, {}});
      });
  if (positions == kPositions.end()) {
    return Failure(ENOTSUP, "the _Py_DebugOffsets of CPython " +
                                ToString(layout.version) + " are not known");
  }
  std::array<std::byte, kLargestDescription> description;
  auto read = memory.ReadExact(runtime, description);
  if (!read) return read;
  Layout changed = layout;
  for (const Entry& entry : EntriesOf(*positions, changed)) {
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
