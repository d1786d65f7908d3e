#include "metrics/cpython/objects/type_shape.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "metrics/cpython/layout/traverse_mask.h"
#include "metrics/cpython/objects/dict.h"
#include "metrics/cpython/objects/long.h"
#include "metrics/cpython/objects/python_class.h"
#include "metrics/cpython/objects/unicode.h"

namespace leak_exporter::cpython {
namespace {

/// More bases than this between a class and C code are a loop.
constexpr int kMaxBases = 200;
constexpr size_t kMostKeysKept = 16'384;
constexpr int64_t kMaxSlots = 4096;
constexpr size_t kMaxNameBytes = 256;
constexpr size_t kMaxClassDict = 4096;
/// More fields than any struct sequence has.
constexpr uint64_t kMaxFields = 256;
/// No instance is larger: the numbers are torn.
constexpr int64_t kMaxBasicsize = 1 << 20;

/// PyMemberDef (Include/structmember.h) and the type code of a slot.
constexpr uint64_t kMemberDefBytes = 40;
constexpr uint64_t kMemberType = 8;
constexpr uint64_t kMemberOffset = 16;
constexpr int32_t kObjectEx = 16;

}  // namespace

TypeShapes::TypeShapes(TypeTable& types, ReadCache& memory)
    : types_(types),
      memory_(memory),
      layout_(types.layout()),
      internal_(types.layout().internal) {}

const TypeShape& TypeShapes::Make(TypeIndex type) {
  if (type >= shapes_.size())
    shapes_.resize(std::max<size_t>(types_.size(), type + 1));
  TypeShape shape;
  const TypeInfo info = types_[type];
  SetBytes(info, shape);
  const TypeInfo native = Descend(info, shape);
  AddDict(info, native, shape);
  AddNative(info, native, shape);
  if (layout_.free_threaded) {
    // Nobody has compared its internal structs with an interpreter.
    shape.references_known = false;
    shape.bytes_known = false;
  } else {
    shape.bytes_known = HasKnownSize(info, shape.kind);
  }
  return shapes_[type].emplace(std::move(shape));
}

void TypeShapes::SetBytes(const TypeInfo& type, TypeShape& shape) {
  shape.basicsize = std::clamp<int64_t>(type.basicsize, 0, kMaxBasicsize);
  shape.item_bytes = static_cast<uint64_t>(
      std::clamp<int64_t>(type.itemsize, 0, kMaxBasicsize));
  shape.fixed_bytes = static_cast<uint64_t>(shape.basicsize);
  if (type.Has(type_flags::kHaveGc)) shape.fixed_bytes += layout_.gc_head.size;
  // Two words for dict or values and weak references (_PyType_PreHeaderSize).
  const bool two_words = layout_.managed_dict == ManagedDict::k311
                             ? type.Has(type_flags::kManagedDict)
                             : layout_.managed_dict != ManagedDict::kNone &&
                                   (type.Has(type_flags::kManagedDict) ||
                                    type.Has(type_flags::kManagedWeakref));
  if (two_words) shape.fixed_bytes += 16;
}

TypeInfo TypeShapes::Descend(const TypeInfo& type, TypeShape& shape) {
  TypeInfo native = type;
  for (int i = 0; i < kMaxBases && IsPythonClass(native, layout_, memory_);
       ++i) {
    AddSlots(native, shape);
    const TypeIndex base = types_.Find(native.base);
    if (base == kNoType) {
      shape.references_known = false;
      break;
    }
    native = types_[base];
  }
  return native;
}

// 2.7's int has the size of any plain object.
bool TypeShapes::IsCLong(ObjectKind kind) const {
  return kind == ObjectKind::kLong && layout_.int_object.ob_ival != kAbsent;
}

bool TypeShapes::HasKnownSize(const TypeInfo& type, ObjectKind kind) {
  // The first class in the order of bases that has a __sizeof__ decides.
  const auto mro = memory_.Read<RemoteAddr>(type.address + layout_.type.tp_mro);
  const auto count = mro ? memory_.Read<uint64_t>(*mro + layout_.object.ob_size)
                         : std::nullopt;
  for (uint64_t i = 0; count && i < *count && i < kMaxBases; ++i) {
    const auto address =
        memory_.Read<RemoteAddr>(*mro + layout_.tuple.ob_item + 8 * i);
    const TypeIndex index = address ? types_.Find(*address) : kNoType;
    if (index == kNoType) continue;
    const TypeInfo base = types_[index];
    if (base.base == RemoteAddr{}) return true;
    const bool native = !IsPythonClass(base, layout_, memory_);
    const ObjectKind sized_as =
        native ? KindOf(ReadTypeName(base)) : ObjectKind::kPlain;
    if (sized_as != ObjectKind::kPlain && HasSizeofOfItsOwn(sized_as))
      return sized_as == kind || IsCLong(sized_as);
    if (HasOwnSizeof(base))
      return sized_as != ObjectKind::kPlain && sized_as == kind;
  }
  return true;
}

// The dicts of static types are not in the types since 3.12. Those of them that
// have a __sizeof__ are of a kind.
bool TypeShapes::HasOwnSizeof(const TypeInfo& type) {
  const auto known = own_sizeof_.find(type.address);
  if (known != own_sizeof_.end()) return known->second;
  bool found = false;
  if (type.tp_dict != RemoteAddr{}) {
    const auto items =
        ReadDictItems(types_.memory(), layout_, type.tp_dict, kMaxClassDict);
    found = items && std::any_of(items->begin(), items->end(),
                                 [&](const DictItem& item) {
                                   return IsSizeofKey(item.key);
                                 });
  }
  own_sizeof_.emplace(type.address, found);
  return found;
}

bool TypeShapes::IsSizeofKey(RemoteAddr key) {
  constexpr std::string_view kKey = "__sizeof__";
  const auto known = sizeof_keys_.find(key);
  if (known != sizeof_keys_.end()) return known->second;
  const Offset length_at = layout_.unicode.state == kAbsent
                               ? layout_.object.ob_size
                               : layout_.unicode.length;
  bool same = false;
  if (memory_.Read<uint64_t>(key + length_at) == kKey.size()) {
    const auto text = ReadText(types_.memory(), layout_, key, kKey.size());
    same = text && *text == kKey;
  }
  // Interned names are few. Others are those of a hostile heap.
  if (sizeof_keys_.size() == kMostKeysKept) sizeof_keys_.clear();
  sizeof_keys_.emplace(key, same);
  return same;
}

void TypeShapes::AddSlots(const TypeInfo& type, TypeShape& shape) {
  const auto count =
      memory_.Read<int64_t>(type.address + layout_.object.ob_size);
  const auto members =
      memory_.Read<RemoteAddr>(type.address + layout_.type.tp_members);
  if (!count || !members || *count <= 0 || *count > kMaxSlots) return;
  for (int64_t i = 0; i < *count; ++i) {
    const RemoteAddr member =
        *members + kMemberDefBytes * static_cast<uint64_t>(i);
    const auto code = memory_.Read<int32_t>(member + kMemberType);
    const auto offset = memory_.Read<uint64_t>(member + kMemberOffset);
    if (!code || !offset) return;
    if (*code == kObjectEx && *offset < static_cast<uint64_t>(kMaxBasicsize))
      shape.AddWord(*offset);
  }
}

void TypeShapes::AddDict(const TypeInfo& type, const TypeInfo& native,
                         TypeShape& shape) {
  if (layout_.managed_dict != ManagedDict::kNone &&
      type.Has(type_flags::kManagedDict)) {
    shape.attributes = layout_.managed_dict;
    shape.inline_values = type.Has(type_flags::kInlineValues);
    if (shape.attributes != ManagedDict::k313) {
      const auto keys =
          memory_.Read<RemoteAddr>(type.address + layout_.type.ht_cached_keys);
      const auto entries =
          keys ? memory_.Read<uint64_t>(*keys + layout_.dict_keys.dk_nentries)
               : std::nullopt;
      // An instance holds at most SHARED_KEYS_MAX_SIZE of them.
      shape.shared_keys =
          static_cast<uint32_t>(std::min<uint64_t>(entries.value_or(0), 64));
    }
    return;
  }
  if (type.address == native.address || type.dictoffset == native.dictoffset ||
      type.dictoffset == 0)
    return;
  if (type.dictoffset > 0) {
    shape.AddWord(static_cast<uint64_t>(type.dictoffset));
  } else if (type.dictoffset > -kMaxBasicsize) {
    shape.dict_from_end = type.dictoffset;
  }
}

void TypeShapes::AddNative(const TypeInfo& type, TypeInfo native,
                           TypeShape& shape) {
  const bool collected =
      native.Has(type_flags::kHaveGc) && Value(native.tp_traverse) != 0;
  const bool visits = collected && internal_.heap_types_visited &&
                      native.Has(type_flags::kHeapType);
  const bool subclass = type.address != native.address;
  if (subclass && (internal_.subtype_always_visits || !visits))
    ++shape.fixed_references;
  for (int i = 0; i < kMaxBases; ++i) {
    const std::string name = ReadTypeName(native);
    shape.kind = KindOf(name);
    // 2.7's int is a C long.
    if (name == "int" && layout_.int_object.ob_ival != kAbsent)
      shape.kind = ObjectKind::kPlain;
    auto words = FindTraverseMask(name, native.basicsize, layout_.version);
    if (!words) words = ChosenWords(name);
    if (words) {
      shape.words |= *words & ~uint64_t{2};
      if ((*words & 2) != 0) ++shape.fixed_references;
    } else if (visits) {
      ++shape.fixed_references;
    }
    if (shape.kind != ObjectKind::kPlain || words || !collected)
      return AddKind(native, name, shape);
    if (visits) --shape.fixed_references;
    const TypeIndex base = types_.Find(native.base);
    if (base == kNoType || types_[base].tp_traverse != native.tp_traverse)
      break;
    native = types_[base];
  }
  shape.references_known = false;
}

std::optional<uint64_t> TypeShapes::ChosenWords(std::string_view name) const {
  const auto word = [](Offset offset) { return uint64_t{1} << offset / 8; };
  const uint64_t builtin =
      word(layout_.builtin.m_self) | word(layout_.builtin.m_module);
  if (name == "builtin_function_or_method") return builtin;
  if (name == "builtin_method") return builtin | word(layout_.builtin.mm_class);
  return std::nullopt;
}

void TypeShapes::AddKind(const TypeInfo& native, std::string_view name,
                         TypeShape& shape) {
  switch (shape.kind) {
    case ObjectKind::kPlain:
      if (native.Has(type_flags::kTupleSubclass)) {
        shape.kind = ObjectKind::kStructSequence;
        shape.real_fields = ReadRealFields(native);
      }
      break;
    case ObjectKind::kDict:
      if (name == "collections.defaultdict")
        shape.AddWord(internal_.default_dict.default_factory);
      break;
    case ObjectKind::kOrderedDict:
      shape.AddWord(internal_.ordered_dict.od_inst_dict);
      break;
    case ObjectKind::kModule:
      shape.AddWord(internal_.module.md_dict);
      break;
    case ObjectKind::kType:
      AddTypeWords(shape);
      break;
    case ObjectKind::kFrame:
      shape.words |= internal_.frame.words;
      break;
    case ObjectKind::kGenerator:
      shape.words |= internal_.generator.words;
      if (name == "async_generator")
        shape.words |= internal_.generator.async_words;
      // Up to 3.10 the frame is an object of its own.
      if (internal_.generator.gi_iframe == kAbsent)
        shape.kind = ObjectKind::kPlain;
      break;
    case ObjectKind::kTeeData:
      shape.AddWord(internal_.tee_data.it);
      shape.AddWord(internal_.tee_data.nextlink);
      break;
    case ObjectKind::kElement:
      shape.words |= internal_.element.words;
      break;
    default:
      break;
  }
}

void TypeShapes::AddTypeWords(TypeShape& shape) {
  const auto& type = layout_.type;
  for (const Offset offset :
       {type.tp_dict, type.tp_cache, type.tp_mro, type.tp_bases, type.tp_base})
    shape.AddWord(offset);
  if (type.ht_module != kAbsent) shape.AddWord(type.ht_module);
  if (internal_.type_sized_by_struct) {
    shape.fixed_bytes += layout_.type.heap_size;
    shape.fixed_bytes -= static_cast<uint64_t>(shape.basicsize);
    shape.item_bytes = 0;
  }
}

std::string TypeShapes::ReadTypeName(const TypeInfo& type) {
  auto name = types_.memory().ReadCString(type.tp_name, kMaxNameBytes);
  return name ? *std::move(name) : std::string();
}

uint32_t TypeShapes::ReadRealFields(const TypeInfo& type) {
  if (const auto fields = ReadIntegerOfDict(type, "n_fields"))
    return static_cast<uint32_t>(std::min(*fields, kMaxFields));
  // The dicts of static types are not in the types since 3.12. All fields of
  // such types have names.
  const auto members =
      memory_.Read<RemoteAddr>(type.address + layout_.type.tp_members);
  uint32_t count = 0;
  while (members && count < kMaxFields) {
    const auto name =
        memory_.Read<RemoteAddr>(*members + kMemberDefBytes * count);
    if (!name || *name == RemoteAddr{}) break;
    ++count;
  }
  return count;
}

std::optional<uint64_t> TypeShapes::ReadIntegerOfDict(const TypeInfo& type,
                                                      std::string_view key) {
  const auto items =
      ReadDictItems(types_.memory(), layout_, type.tp_dict, kMaxClassDict);
  if (!items) return std::nullopt;
  for (const DictItem& item : *items) {
    const auto text =
        ReadText(types_.memory(), layout_, item.key, kMaxNameBytes);
    if (!text || *text != key) continue;
    return ReadSmallInt(memory_, layout_, item.value);
  }
  return std::nullopt;
}

}  // namespace leak_exporter::cpython
