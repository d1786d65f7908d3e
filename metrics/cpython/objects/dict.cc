#include "metrics/cpython/objects/dict.h"

#include <array>
#include <bit>
#include <string>

namespace leak_exporter::cpython {
namespace {

constexpr uint64_t kGeneralEntryBytes = 24;
constexpr uint64_t kUnicodeEntryBytes = 16;
constexpr unsigned kLargestLog2Size = 40;
constexpr uint8_t kGeneralKind = 0;
constexpr uint8_t kSplitKind = 2;

// USABLE_FRACTION of Objects/dictobject.c.
uint64_t UsableFraction(uint64_t size) { return (size << 1) / 3; }

// Indices are as narrow as the size allows.
uint64_t IndexBytes(uint64_t size) {
  if (size <= 0xff) return size;
  if (size <= 0xffff) return size * 2;
  if (size <= 0xffffffff) return size * 4;
  return size * 8;
}

Error BadKeys(const std::string& why) { return {0, "dict keys: " + why}; }

// Parses what the two schemes express differently.
Result<void> ParseSizes(const Layout& layout, std::span<const std::byte> header,
                        DictKeys& keys) {
  const auto& fields = layout.dict_keys;
  if (layout.dict_scheme == DictScheme::kKeys) {
    keys.size = Load<uint64_t>(header, fields.dk_size);
    if (!std::has_single_bit(keys.size) ||
        keys.size > uint64_t{1} << kLargestLog2Size) {
      return tl::unexpected<Error>(
          BadKeys("size " + std::to_string(keys.size)));
    }
    keys.entry_size = kGeneralEntryBytes;
    keys.entries_offset = fields.dk_indices + IndexBytes(keys.size);
    return {};
  }
  const auto log2_size = Load<uint8_t>(header, fields.dk_log2_size);
  const auto log2_index = Load<uint8_t>(header, fields.dk_log2_index_bytes);
  const auto kind = Load<uint8_t>(header, fields.dk_kind);
  if (log2_size > kLargestLog2Size || log2_index > kLargestLog2Size + 3 ||
      kind > kSplitKind) {
    return tl::unexpected<Error>(BadKeys("log2 size " +
                                         std::to_string(log2_size) + ", kind " +
                                         std::to_string(kind)));
  }
  keys.size = uint64_t{1} << log2_size;
  keys.split = kind == kSplitKind;
  keys.entry_size =
      kind == kGeneralKind ? kGeneralEntryBytes : kUnicodeEntryBytes;
  keys.entries_offset = fields.dk_indices + (uint64_t{1} << log2_index);
  return {};
}

Result<std::vector<std::byte>> ReadBytes(const RemoteMemory& memory,
                                         RemoteAddr address, uint64_t size) {
  std::vector<std::byte> bytes(static_cast<size_t>(size));
  auto read = memory.ReadExact(address, bytes);
  if (!read) return tl::unexpected<Error>(read.error());
  return bytes;
}

// Collects the items of entries that follow each other, each as {…, key, …,
// value}.
std::vector<DictItem> CollectItems(std::span<const std::byte> entries,
                                   const DictKeys& keys) {
  std::vector<DictItem> items;
  const auto step = static_cast<size_t>(keys.entry_size);
  for (size_t at = 0; at + step <= entries.size(); at += step) {
    const DictItem item = {Load<RemoteAddr>(entries, at + keys.key_offset),
                           Load<RemoteAddr>(entries, at + keys.value_offset)};
    if (item.key != RemoteAddr{} && item.value != RemoteAddr{}) {
      items.push_back(item);
    }
  }
  return items;
}

Result<std::vector<DictItem>> ReadOpenTable(const RemoteMemory& memory,
                                            const Layout& layout,
                                            RemoteAddr dict, size_t limit) {
  const auto mask = memory.Read<uint64_t>(dict + layout.dict.ma_mask);
  if (!mask) return tl::unexpected<Error>(mask.error());
  const auto table = memory.ReadPointer(dict + layout.dict.ma_table);
  if (!table) return tl::unexpected<Error>(table.error());
  // At least two thirds of the slots may be free.
  if (*mask >= uint64_t{4} * limit) {
    return tl::unexpected<Error>(
        BadKeys("a table of " + std::to_string(*mask) + " slots"));
  }
  DictKeys keys;
  keys.entry_size = kGeneralEntryBytes;
  keys.key_offset = 8;
  keys.value_offset = 16;
  auto entries = ReadBytes(memory, *table, (*mask + 1) * keys.entry_size);
  if (!entries) return tl::unexpected<Error>(entries.error());
  return CollectItems(*entries, keys);
}

// The values of a split table take the place of those in its entries.
Result<void> PutSplitValues(const RemoteMemory& memory, const Layout& layout,
                            RemoteAddr values, const DictKeys& keys,
                            std::span<std::byte> entries) {
  auto bytes = ReadBytes(memory, values + layout.dict_values.values,
                         keys.entries * sizeof(RemoteAddr));
  if (!bytes) return tl::unexpected<Error>(bytes.error());
  for (size_t i = 0; i < keys.entries; ++i) {
    std::memcpy(entries.data() + i * static_cast<size_t>(keys.entry_size) +
                    keys.value_offset,
                bytes->data() + i * sizeof(RemoteAddr), sizeof(RemoteAddr));
  }
  return {};
}

}  // namespace

Result<DictKeys> DictKeys::Parse(const Layout& layout,
                                 std::span<const std::byte> header) {
  if (header.size() < kHeaderBytes) {
    return tl::unexpected<Error>(BadKeys("header is cut"));
  }
  DictKeys keys;
  auto parsed = ParseSizes(layout, header, keys);
  if (!parsed) return tl::unexpected<Error>(parsed.error());
  const bool general = keys.entry_size == kGeneralEntryBytes;
  keys.key_offset = general ? 8 : 0;
  keys.value_offset = general ? 16 : 8;
  keys.refcnt = Load<uint64_t>(header, layout.dict_keys.dk_refcnt);
  keys.entries = Load<uint64_t>(header, layout.dict_keys.dk_nentries);
  if (keys.entries > keys.size) {
    return tl::unexpected<Error>(BadKeys(std::to_string(keys.entries) +
                                         " entries in a table of " +
                                         std::to_string(keys.size)));
  }
  keys.bytes =
      keys.entries_offset + UsableFraction(keys.size) * keys.entry_size;
  return keys;
}

Result<std::vector<DictItem>> ReadDictItems(const RemoteMemory& memory,
                                            const Layout& layout,
                                            RemoteAddr dict, size_t limit) {
  if (layout.dict_scheme == DictScheme::kOpenTable) {
    return ReadOpenTable(memory, layout, dict, limit);
  }
  const auto keys_address = memory.ReadPointer(dict + layout.dict.ma_keys);
  if (!keys_address) return tl::unexpected<Error>(keys_address.error());
  const auto values = memory.ReadPointer(dict + layout.dict.ma_values);
  if (!values) return tl::unexpected<Error>(values.error());
  std::array<std::byte, DictKeys::kHeaderBytes> header;
  auto read = memory.ReadExact(*keys_address, header);
  if (!read) return tl::unexpected<Error>(read.error());
  const auto keys = DictKeys::Parse(layout, header);
  if (!keys) return tl::unexpected<Error>(keys.error());
  if (keys->entries > limit) {
    return tl::unexpected<Error>(
        BadKeys(std::to_string(keys->entries) + " entries, over the limit"));
  }
  auto entries = ReadBytes(memory, *keys_address + keys->entries_offset,
                           keys->entries * keys->entry_size);
  if (!entries) return tl::unexpected<Error>(entries.error());
  if (*values != RemoteAddr{}) {
    auto put = PutSplitValues(memory, layout, *values, *keys, *entries);
    if (!put) return tl::unexpected<Error>(put.error());
  }
  return CollectItems(*entries, *keys);
}

Result<uint64_t> ReadDictLength(const RemoteMemory& memory,
                                const Layout& layout, RemoteAddr dict) {
  return memory.Read<uint64_t>(dict + layout.dict.ma_used);
}

}  // namespace leak_exporter::cpython
