#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/cpython/layout/layout.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

/// The geometry of a PyDictKeysObject, from its header.
struct DictKeys {
  uint64_t refcnt = 0;
  /// Slots of the hash table; a power of two.
  uint64_t size = 0;
  /// Entries in use, dummies included.
  uint64_t entries = 0;
  /// Where the first entry is, from the start of the keys object.
  uint64_t entries_offset = 0;
  uint64_t entry_size = 0;
  Offset key_offset = 0;
  Offset value_offset = 0;
  /// The values stand elsewhere (ma_values), and instances share the keys.
  /// Before 3.11 the keys alone do not tell.
  bool split = false;
  /// Size of the keys object, as sys.getsizeof() counts it.
  uint64_t bytes = 0;

  /// How many bytes of a keys object Parse() needs.
  static constexpr size_t kHeaderBytes = 48;

  /// Parses the header of a keys object, which 2.7 does not have. An error
  /// where the numbers make no sense.
  static Result<DictKeys> Parse(const Layout& layout,
                                std::span<const std::byte> header);
};

struct DictItem {
  RemoteAddr key{};
  RemoteAddr value{};
};

/// Reads the items of a dict (or of a subclass) in order. Items without a value
/// are left out. A dict of more than `limit` entries is an error.
Result<std::vector<DictItem>> ReadDictItems(const RemoteMemory& memory,
                                            const Layout& layout,
                                            RemoteAddr dict, size_t limit);

/// Reads len(dict).
Result<uint64_t> ReadDictLength(const RemoteMemory& memory,
                                const Layout& layout, RemoteAddr dict);

}  // namespace leak_exporter::cpython
