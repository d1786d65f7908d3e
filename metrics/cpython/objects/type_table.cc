#include "metrics/cpython/objects/type_table.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "metrics/cpython/objects/dict.h"
#include "metrics/cpython/objects/unicode.h"

namespace leak_exporter::cpython {
namespace {

// type, a metaclass, a metaclass of a metaclass: real programs have no more.
constexpr int kMetatypeDepth = 6;
constexpr size_t kLargestTypeStruct = 512;
constexpr size_t kLongestName = 1000;
constexpr size_t kLargestTypeDict = 100'000;
// How many addresses are remembered. Beyond that, those that are no types are
// forgotten.
constexpr size_t kVerdictsKept = 50'000;
// A type whose instances are larger makes no sense.
constexpr int64_t kLargestBasicSize = int64_t{1} << 30;

TypeInfo ParseType(const Layout& layout, RemoteAddr address,
                   std::span<const std::byte> bytes) {
  const auto& fields = layout.type;
  TypeInfo info;
  info.address = address;
  info.metatype = Load<RemoteAddr>(bytes, layout.object.ob_type);
  info.base = Load<RemoteAddr>(bytes, fields.tp_base);
  info.flags = Load<uint64_t>(bytes, fields.tp_flags);
  info.basicsize = Load<int64_t>(bytes, fields.tp_basicsize);
  info.itemsize = Load<int64_t>(bytes, fields.tp_itemsize);
  info.dictoffset = Load<int64_t>(bytes, fields.tp_dictoffset);
  info.weaklistoffset = Load<int64_t>(bytes, fields.tp_weaklistoffset);
  info.tp_name = Load<RemoteAddr>(bytes, fields.tp_name);
  info.tp_dealloc = Load<RemoteAddr>(bytes, fields.tp_dealloc);
  info.tp_repr = Load<RemoteAddr>(bytes, fields.tp_repr);
  info.tp_traverse = Load<RemoteAddr>(bytes, fields.tp_traverse);
  info.tp_dict = Load<RemoteAddr>(bytes, fields.tp_dict);
  return info;
}

bool IsPlausible(const TypeInfo& info) {
  return info.tp_name != RemoteAddr{} && info.basicsize >= 0 &&
         info.basicsize <= kLargestBasicSize &&
         info.itemsize >= -kLargestBasicSize &&
         info.itemsize <= kLargestBasicSize;
}

bool HasCountedItems(const TypeInfo& info) {
  constexpr uint64_t kCounting =
      type_flags::kTupleSubclass | type_flags::kLongSubclass |
      type_flags::kTypeSubclass | type_flags::kBytesSubclass;
  return info.Has(kCounting) && info.itemsize > 0;
}

}  // namespace

TypeTable::TypeTable(const RemoteMemory& memory, const Layout& layout)
    : TypeTable(memory, layout, Limits{}) {}

TypeTable::TypeTable(const RemoteMemory& memory, const Layout& layout,
                     Limits limits)
    : memory_(memory),
      layout_(layout),
      limits_(limits),
      slots_(size_t{1} << kSlotBits) {}

TypeTable::Verdict TypeTable::FindSlow(RemoteAddr address) {
  const auto known = verdicts_.find(address);
  Verdict verdict;
  if (known != verdicts_.end()) {
    verdict = known->second;
  } else {
    verdict.index = Judge(address, kMetatypeDepth);
    if (verdict.index != kNoType) {
      verdict.have_gc = types_[verdict.index].Has(type_flags::kHaveGc);
    }
  }
  slots_[SlotOf(address)] = {address, verdict};
  return verdict;
}

TypeIndex TypeTable::Judge(RemoteAddr address, int depth) {
  const auto known = verdicts_.find(address);
  if (known != verdicts_.end()) return known->second.index;
  if (depth == 0) return kNoType;
  if (probes_ >= limits_.probes || types_.size() >= limits_.types) {
    truncated_ = true;
    return kNoType;
  }
  ++probes_;

  std::array<std::byte, kLargestTypeStruct> bytes;
  TypeIndex index = kNoType;
  const auto read =
      memory_.ReadExact(address, std::span(bytes).first(layout_.type.size));
  if (read) {
    const TypeInfo info = ParseType(layout_, address, bytes);
    if (IsPlausible(info) && IsMetatype(info, depth)) {
      index = static_cast<TypeIndex>(types_.size());
      types_.push_back(info);
      counts_items_.push_back(HasCountedItems(info) ? 1 : 0);
    }
  }
  if (verdicts_.size() >= kVerdictsKept) {
    std::erase_if(verdicts_,
                  [](const auto& v) { return v.second.index == kNoType; });
  }
  verdicts_[address] = {
      index, index != kNoType && types_[index].Has(type_flags::kHaveGc)};
  return index;
}

bool TypeTable::IsMetatype(const TypeInfo& info, int depth) {
  // type is its own type.
  if (info.metatype == info.address) {
    if (!info.Has(type_flags::kTypeSubclass)) return false;
    const auto name = memory_.ReadCString(info.tp_name, sizeof("type"));
    return name && *name == "type";
  }
  const TypeIndex metatype = Judge(info.metatype, depth - 1);
  return metatype != kNoType && types_[metatype].Has(type_flags::kTypeSubclass);
}

bool TypeTable::IsText(RemoteAddr object) {
  const auto type = memory_.ReadPointer(object + layout_.object.ob_type);
  if (!type) return false;
  const TypeIndex index = Find(*type);
  const uint64_t flag = layout_.unicode.state == kAbsent
                            ? type_flags::kBytesSubclass
                            : type_flags::kUnicodeSubclass;
  return index != kNoType && types_[index].Has(flag);
}

Result<RemoteAddr> TypeTable::FindModuleName(const TypeInfo& type) {
  constexpr std::string_view kKey = "__module__";
  const auto items =
      ReadDictItems(memory_, layout_, type.tp_dict, kLargestTypeDict);
  if (!items) return tl::unexpected<Error>(items.error());
  for (const DictItem& item : *items) {
    if (item.key == module_key_) return item.value;
  }
  for (const DictItem& item : *items) {
    if (!IsText(item.key)) continue;
    const auto key = ReadText(memory_, layout_, item.key, kKey.size());
    if (key && *key == kKey) {
      module_key_ = item.key;
      return item.value;
    }
  }
  return RemoteAddr{};
}

Result<std::string> TypeTable::ReadName(TypeIndex index) {
  const TypeInfo type = types_[index];
  auto plain = memory_.ReadCString(type.tp_name, kLongestName);
  if (!plain || !type.Has(type_flags::kHeapType)) return plain;
  const auto module = FindModuleName(type);
  if (!module) return tl::unexpected<Error>(module.error());
  if (*module == RemoteAddr{} || !IsText(*module)) return plain;
  auto module_name = ReadText(memory_, layout_, *module, kLongestName);
  if (!module_name) return module_name;
  // builtins (2.7: __builtin__) is not shown.
  if (*module_name == "builtins" || *module_name == "__builtin__") {
    return plain;
  }
  const Offset name_field = layout_.type.ht_qualname != kAbsent
                                ? layout_.type.ht_qualname
                                : layout_.type.ht_name;
  const auto name = memory_.ReadPointer(type.address + name_field);
  if (!name) return tl::unexpected<Error>(name.error());
  auto text = ReadText(memory_, layout_, *name, kLongestName);
  if (!text) return text;
  return *module_name + "." + *text;
}

}  // namespace leak_exporter::cpython
