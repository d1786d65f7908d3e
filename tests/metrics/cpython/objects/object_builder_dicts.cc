// ObjectBuilder's dicts, and the attributes of instances.
#include <algorithm>
#include <bit>

#include "tests/metrics/cpython/objects/object_builder.h"

namespace leak_exporter::cpython {
namespace {

/// Any addresses of code.
constexpr RemoteAddr kGeneralLookup{0x400400};
constexpr RemoteAddr kTextLookup{0x400500};

constexpr uint64_t kWord = 8;
/// SHARED_KEYS_MAX_SIZE
constexpr uint64_t kMaxSharedKeys = 30;

/// PyDictKeysObject.dk_size: at most two thirds of it are used.
uint64_t KeysSize(uint64_t entries) {
  uint64_t size = 8;
  while ((size << 1) / 3 < entries) size *= 2;
  return size;
}

}  // namespace

RemoteAddr ObjectBuilder::AddDict(const Items& items, DictForm form) {
  const RemoteAddr dict =
      AddObject(Type("dict"), BuiltinSpec("dict").basicsize);
  FillDict(dict, items, form);
  return dict;
}

void ObjectBuilder::FillDict(RemoteAddr dict, const Items& items,
                             DictForm form) {
  const auto& fields = layout_.dict;
  const auto used = std::count_if(
      items.begin(), items.end(),
      [](const auto& item) { return item.second != RemoteAddr{}; });
  Put<uint64_t>(dict + fields.ma_used, static_cast<uint64_t>(used));
  if (layout_.dict_scheme == DictScheme::kOpenTable)
    return FillTable(dict, items);
  Put(dict + fields.ma_keys, AddKeys(items, form));
  if (form != DictForm::kSplit) return;
  std::vector<RemoteAddr> values;
  for (const auto& [key, value] : items) values.push_back(value);
  Put(dict + fields.ma_values, PutValues({}, values));
}

/// 2.7: eight entries in the dict itself, more in a table of their own.
void ObjectBuilder::FillTable(RemoteAddr dict, const Items& items) {
  constexpr uint64_t kEntry = 24;
  const uint64_t size = KeysSize(items.size());
  const RemoteAddr table =
      size == 8 ? dict + layout_.dict.ma_smalltable : Allocate(kEntry * size);
  Put(dict + layout_.dict.ma_table, table);
  Put(dict + layout_.dict.ma_mask, size - 1);
  for (size_t i = 0; i < items.size(); ++i)
    PutPointers(table + kEntry * i + kWord, {items[i].first, items[i].second});
}

RemoteAddr ObjectBuilder::AddKeys(const Items& items, DictForm form) {
  const auto& fields = layout_.dict_keys;
  const bool logarithms = layout_.dict_scheme == DictScheme::kLogKeys;
  const uint64_t size = KeysSize(items.size());
  const uint64_t index_bytes = size <= 0xff ? size : 2 * size;
  const bool general = !logarithms || form == DictForm::kGeneral;
  const uint64_t entry = general ? 24 : 16;
  const uint64_t usable = (size << 1) / 3;
  const RemoteAddr keys =
      Allocate(fields.dk_indices + index_bytes + entry * usable);
  // Shared keys belong to the class, too.
  Put<uint64_t>(keys + fields.dk_refcnt, form == DictForm::kSplit ? 2 : 1);
  if (logarithms) {
    Put(keys + fields.dk_log2_size,
        static_cast<uint8_t>(std::countr_zero(size)));
    Put(keys + fields.dk_log2_index_bytes,
        static_cast<uint8_t>(std::countr_zero(index_bytes)));
    Put(keys + fields.dk_kind, static_cast<uint8_t>(form));
  } else {
    Put(keys + fields.dk_size, size);
    Put(keys + fields.dk_lookup,
        form == DictForm::kGeneral ? kGeneralLookup : kTextLookup);
  }
  Put<uint64_t>(keys + fields.dk_nentries, items.size());
  Put<uint64_t>(keys + fields.dk_usable, usable - items.size());
  const RemoteAddr first = keys + fields.dk_indices + index_bytes;
  for (size_t i = 0; i < items.size(); ++i) {
    const RemoteAddr key = first + entry * i + (general ? kWord : 0);
    Put(key, items[i].first);
    Put(key + kWord, form == DictForm::kSplit ? RemoteAddr{} : items[i].second);
  }
  return keys;
}

RemoteAddr ObjectBuilder::PutValues(RemoteAddr address,
                                    const std::vector<RemoteAddr>& values) {
  const auto count = static_cast<uint8_t>(values.size());
  const auto& fields = layout_.dict_values;
  switch (layout_.managed_dict) {
    case ManagedDict::kNone:
      address = Allocate(kWord * values.size());
      PutPointers(address, values);
      break;
    case ManagedDict::k311:
    case ManagedDict::k312:
      // The sizes and the order, in bytes, grow downwards from the values.
      address = Allocate(kWord * kMaxSharedKeys);
      PutPointers(address, values);
      Put(address - 2, count);
      for (uint8_t i = 0; i < count; ++i) Put(address - 3 - i, i);
      break;
    case ManagedDict::k313:
      if (address == RemoteAddr{})
        address = Allocate(fields.values + (kWord + 1) * values.size());
      Put(address + fields.capacity, count);
      Put(address + fields.size, count);
      Put(address + fields.valid, uint8_t{1});
      PutPointers(address + fields.values, values);
      for (uint8_t i = 0; i < count; ++i)
        Put(address + fields.values + kWord * count + i, i);
      break;
  }
  return address;
}

RemoteAddr ObjectBuilder::AddInstance(RemoteAddr type,
                                      const std::vector<RemoteAddr>& values) {
  constexpr uint64_t kDictBefore = 24;
  constexpr uint64_t kValuesBefore = 32;
  const auto basicsize = Get<uint64_t>(type + layout_.type.tp_basicsize);
  const RemoteAddr object =
      AddObject(type, basicsize + layout_.object.size + 9 * values.size());
  switch (layout_.managed_dict) {
    case ManagedDict::kNone: {
      const auto keys = Get<RemoteAddr>(type + layout_.type.ht_cached_keys);
      const RemoteAddr dict = AddObject(Type("dict"));
      Put<uint64_t>(dict + layout_.dict.ma_used, values.size());
      Put(dict + layout_.dict.ma_keys, keys);
      Put(dict + layout_.dict.ma_values, PutValues({}, values));
      Put(object + Get<uint64_t>(type + layout_.type.tp_dictoffset), dict);
      break;
    }
    case ManagedDict::k311:
      Put(object - kValuesBefore, PutValues({}, values));
      break;
    case ManagedDict::k312:
      Put(object - kDictBefore, PutValues({}, values) - 1);
      break;
    case ManagedDict::k313:
      PutValues(object + basicsize, values);
      break;
  }
  return object;
}

}  // namespace leak_exporter::cpython
