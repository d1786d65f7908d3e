#include "metrics/cpython/objects/dict_reader.h"

#include <algorithm>
#include <array>
#include <optional>

namespace leak_exporter::cpython {
namespace {

using Use = std::function<bool(RemoteAddr, RemoteAddr)>;

constexpr uint64_t kWordBytes = 8;
constexpr uint64_t kMaxAttributes = 4096;
/// 3.11 and 3.12 keep two sizes right before the values, then the order.
constexpr uint64_t kSizesBefore = 2;
/// Instances share at most this many keys (3.11 on).
constexpr uint64_t kMaxSharedKeys = 254;

/// 2.7: {hash, key, value} in the order of the table.
bool ForEachInTable(const Layout& layout, ReadCache& memory, RemoteAddr dict,
                    uint64_t limit, const Use& use) {
  constexpr uint64_t kEntryBytes = 24;
  const auto mask = memory.Read<uint64_t>(dict + layout.dict.ma_mask);
  const auto table = memory.Read<RemoteAddr>(dict + layout.dict.ma_table);
  if (!mask || !table) return false;
  for (uint64_t i = 0; i < limit && i <= *mask; ++i) {
    const RemoteAddr entry = *table + kEntryBytes * i;
    const auto key = memory.Read<RemoteAddr>(entry + kWordBytes);
    const auto value = memory.Read<RemoteAddr>(entry + 2 * kWordBytes);
    if (!key || !value) return false;
    if (*value != RemoteAddr{} && !use(*key, *value)) return true;
  }
  return true;
}

std::optional<DictKeys> ReadKeys(const Layout& layout, ReadCache& memory,
                                 RemoteAddr keys) {
  std::array<std::byte, DictKeys::kHeaderBytes> header{};
  if (!memory.ReadExact(keys, header)) return std::nullopt;
  const auto parsed = DictKeys::Parse(layout, header);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

/// The order in which the values of shared keys were set.
class ValueOrder {
 public:
  ValueOrder(const Layout& layout, ReadCache& memory, RemoteAddr values,
             const DictKeys& keys)
      : layout_(layout), memory_(memory), values_(values) {
    switch (layout.managed_dict) {
      case ManagedDict::kNone:
        size_ = keys.entries;
        break;
      case ManagedDict::k311:
      case ManagedDict::k312:
        size_ = memory.Read<uint8_t>(values - kSizesBefore).value_or(0);
        break;
      case ManagedDict::k313:
        size_ =
            memory.Read<uint8_t>(values + layout.dict_values.size).value_or(0);
        capacity_ = memory.Read<uint8_t>(values + layout.dict_values.capacity)
                        .value_or(0);
        break;
    }
  }

  uint64_t size() const { return size_; }
  uint64_t At(uint64_t i) const {
    switch (layout_.managed_dict) {
      case ManagedDict::kNone:
        return i;
      case ManagedDict::k311:
      case ManagedDict::k312:
        return memory_.Read<uint8_t>(values_ - kSizesBefore - 1 - i)
            .value_or(UINT8_MAX);
      case ManagedDict::k313:
        return memory_
            .Read<uint8_t>(values_ + layout_.dict_values.values +
                           kWordBytes * capacity_ + i)
            .value_or(UINT8_MAX);
    }
    return i;
  }
  RemoteAddr ValueAt(uint64_t index) const {
    const uint64_t first =
        layout_.dict_values.values == kAbsent ? 0 : layout_.dict_values.values;
    return memory_.Read<RemoteAddr>(values_ + first + kWordBytes * index)
        .value_or(RemoteAddr{});
  }

 private:
  const Layout& layout_;
  ReadCache& memory_;
  RemoteAddr values_;
  uint64_t size_ = 0;
  uint64_t capacity_ = 0;
};

bool ForEachShared(const Layout& layout, ReadCache& memory,
                   RemoteAddr keys_address, RemoteAddr values, uint64_t limit,
                   const Use& use) {
  const auto keys = ReadKeys(layout, memory, keys_address);
  if (!keys) return false;
  const ValueOrder order(layout, memory, values, *keys);
  for (uint64_t i = 0; i < std::min(limit, order.size()); ++i) {
    const uint64_t index = order.At(i);
    if (index >= keys->entries) return false;
    const auto key =
        memory.Read<RemoteAddr>(keys_address + keys->entries_offset +
                                keys->entry_size * index + keys->key_offset);
    const RemoteAddr value = order.ValueAt(index);
    if (!key) return false;
    if (value != RemoteAddr{} && !use(*key, value)) return true;
  }
  return true;
}

bool ForEachEntry(const Layout& layout, ReadCache& memory,
                  RemoteAddr keys_address, uint64_t limit, const Use& use) {
  const auto keys = ReadKeys(layout, memory, keys_address);
  if (!keys) return false;
  const RemoteAddr first = keys_address + keys->entries_offset;
  for (uint64_t i = 0; i < std::min(limit, keys->entries); ++i) {
    const RemoteAddr entry = first + keys->entry_size * i;
    const auto key = memory.Read<RemoteAddr>(entry + keys->key_offset);
    const auto value = memory.Read<RemoteAddr>(entry + keys->value_offset);
    if (!key || !value) return false;
    if (*value != RemoteAddr{} && !use(*key, *value)) return true;
  }
  return true;
}

}  // namespace

bool ForEachItem(const Layout& layout, ReadCache& memory, RemoteAddr dict,
                 uint64_t limit, const Use& use) {
  if (layout.dict_scheme == DictScheme::kOpenTable)
    return ForEachInTable(layout, memory, dict, limit, use);
  const auto keys = memory.Read<RemoteAddr>(dict + layout.dict.ma_keys);
  const auto values = memory.Read<RemoteAddr>(dict + layout.dict.ma_values);
  if (!keys || !values) return false;
  if (*values != RemoteAddr{})
    return ForEachShared(layout, memory, *keys, *values, limit, use);
  return ForEachEntry(layout, memory, *keys, limit, use);
}

bool ForEachAttribute(const Layout& layout, ReadCache& memory,
                      RemoteAddr object, const TypeInfo& type, const Use& use) {
  constexpr uint64_t kDictBefore = 24;
  constexpr uint64_t kValuesBefore311 = 32;
  const auto pointer = [&](RemoteAddr address) {
    return memory.Read<RemoteAddr>(address).value_or(RemoteAddr{});
  };
  RemoteAddr dict{};
  RemoteAddr values{};
  if (layout.managed_dict != ManagedDict::kNone &&
      type.Has(type_flags::kManagedDict)) {
    dict = pointer(object - kDictBefore);
    if (layout.managed_dict == ManagedDict::k311) {
      values = pointer(object - kValuesBefore311);
    } else if (layout.managed_dict == ManagedDict::k312 &&
               (Value(dict) & 1) != 0) {
      values = dict + 1;
      dict = {};
    } else if (dict == RemoteAddr{} && type.Has(type_flags::kInlineValues)) {
      values = object + static_cast<uint64_t>(type.basicsize);
    }
  } else if (type.dictoffset > 0) {
    dict = pointer(object + static_cast<uint64_t>(type.dictoffset));
  }
  if (values != RemoteAddr{})
    return ForEachShared(layout, memory,
                         pointer(type.address + layout.type.ht_cached_keys),
                         values, kMaxSharedKeys, use);
  return dict != RemoteAddr{} &&
         ForEachItem(layout, memory, dict, kMaxAttributes, use);
}

}  // namespace leak_exporter::cpython
