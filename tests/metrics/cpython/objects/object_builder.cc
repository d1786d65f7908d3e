#include "tests/metrics/cpython/objects/object_builder.h"

#include <algorithm>
#include <stdexcept>

namespace leak_exporter::cpython {
namespace {

/// Low, as where a program that is not position-independent has its types: the
/// hash of such a type could pass for a reference count.
constexpr RemoteAddr kBase{0x800000};
constexpr uint64_t kAlignment = 16;
/// The collector's head, and what instances keep before themselves.
constexpr uint64_t kBefore = 64;
/// Any addresses of code.
constexpr RemoteAddr kTraverse{0x400100};
constexpr RemoteAddr kObjectRepr{0x400200};
constexpr RemoteAddr kOwnRepr{0x400300};

constexpr uint64_t kWord = 8;
/// PyMemberDef, and the code of a slot.
constexpr uint64_t kMemberBytes = 40;
constexpr int32_t kObjectEx = 16;

/// What stands in the state of a str beside its kind.
constexpr uint32_t kCompact = 1 << 5;
constexpr uint32_t kAscii = 1 << 6;

}  // namespace

ObjectBuilder::ObjectBuilder(const PythonVersion& version, bool free_threaded)
    : layout_(*FindLayout(version, free_threaded)) {
  // type is its own type, and so made in two steps.
  const RemoteAddr type = Allocate(layout_.type.heap_size);
  builtins_["type"] = type;
  FillType(type, BuiltinSpec("type"));
}

RemoteAddr ObjectBuilder::Allocate(uint64_t bytes) {
  const size_t at = bytes_.size() + kBefore;
  bytes_.resize(at + (bytes + kAlignment - 1) / kAlignment * kAlignment);
  return kBase + at;
}

std::byte* ObjectBuilder::At(RemoteAddr address) {
  const uint64_t offset = Value(address) - Value(kBase);
  if (offset >= bytes_.size()) throw std::out_of_range("not allocated");
  return bytes_.data() + offset;
}

void ObjectBuilder::PutText(RemoteAddr address, std::string_view bytes) {
  if (!bytes.empty()) std::memcpy(At(address), bytes.data(), bytes.size());
}

void ObjectBuilder::PutPointers(RemoteAddr address,
                                const std::vector<RemoteAddr>& pointers) {
  for (size_t i = 0; i < pointers.size(); ++i)
    Put(address + kWord * i, pointers[i]);
}

ImageMemory ObjectBuilder::Memory() const {
  return *ImageMemory::FromSegments({{kBase, bytes_}});
}

/// Flags and sizes are what __flags__, __basicsize__ and __itemsize__ say.
TypeSpec ObjectBuilder::BuiltinSpec(const std::string& name) {
  using namespace type_flags;
  const bool python2 = layout_.version.major < 3;
  const uint64_t header = layout_.object.size;
  const uint64_t text_size =
      python2 ? layout_.unicode.data + 24 : layout_.unicode.data + kWord;
  const uint64_t bytes_size = layout_.bytes.ob_sval + 1;
  const uint64_t int_size =
      python2 ? header + kWord : layout_.long_object.ob_digit;
  const std::vector<TypeSpec> known = {
      {"type", kHaveGc | kTypeSubclass, layout_.type.heap_size, 40, {}, {}},
      {"object", 0, header, 0, {}, {}, false},
      {"NoneType", 0, header, 0, {}, {}, false},
      {"int",
       python2 ? kIntSubclass : kLongSubclass,
       int_size,
       python2 ? 0u : 4u,
       {},
       {},
       false},
      {"long", kLongSubclass, layout_.long_object.ob_digit, 4, {}, {}, false},
      {"float", 0, header + 8, 0, {}, {}, false},
      {"complex", 0, header + 16, 0, {}, {}, false},
      {"str",
       python2 ? kBytesSubclass : kUnicodeSubclass,
       python2 ? bytes_size : text_size,
       python2 ? 1u : 0u,
       {},
       {},
       false},
      {"unicode", kUnicodeSubclass, text_size, 0, {}, {}, false},
      {"bytes", kBytesSubclass, bytes_size, 1, {}, {}, false},
      {"bytearray", 0, header + 40, 0, {}, {}, false},
      {"tuple", kHaveGc | kTupleSubclass, layout_.tuple.ob_item, 8, {}, {}},
      {"list", kHaveGc | kListSubclass, header + 24, 0, {}, {}},
      {"dict", kHaveGc | kDictSubclass, python2 ? 248 : header + 32, 0, {}, {}},
      {"set", kHaveGc, header + 184, 0, {}, {}},
      {"module", kHaveGc, header + 40, 0, {}, {}},
  };
  for (const TypeSpec& spec : known)
    if (spec.name == name) return spec;
  throw std::invalid_argument("unknown to ObjectBuilder: " + name);
}

RemoteAddr ObjectBuilder::Type(const std::string& name) {
  const auto known = builtins_.find(name);
  if (known != builtins_.end()) return known->second;
  TypeSpec spec = BuiltinSpec(name);
  if (name != "object") spec.base = Type("object");
  return builtins_[name] = AddType(spec);
}

RemoteAddr ObjectBuilder::AddType(const TypeSpec& spec) {
  const RemoteAddr type = Allocate(layout_.type.heap_size);
  FillType(type, spec);
  return type;
}

void ObjectBuilder::FillType(RemoteAddr type, const TypeSpec& spec) {
  const RemoteAddr name = Allocate(spec.name.size() + 1);
  PutText(name, spec.name);
  const auto& fields = layout_.type;
  Put<uint32_t>(type + layout_.object.ob_refcnt, 1);
  Put(type + layout_.object.ob_type,
      spec.metatype == RemoteAddr{} ? builtins_.at("type") : spec.metatype);
  Put(type + fields.tp_name, name);
  Put(type + fields.tp_basicsize, spec.basicsize);
  Put(type + fields.tp_itemsize, spec.itemsize);
  Put(type + fields.tp_flags, spec.flags);
  Put(type + fields.tp_repr, kObjectRepr);
  Put(type + fields.tp_base, spec.base);
  if (spec.has_traverse) Put(type + fields.tp_traverse, kTraverse);
}

RemoteAddr ObjectBuilder::AddClass(const ClassSpec& spec) {
  const auto& fields = layout_.type;
  const RemoteAddr base =
      spec.base == RemoteAddr{} ? Type("object") : spec.base;
  const RemoteAddr name = AddName(spec.name);
  const RemoteAddr type =
      Allocate(fields.heap_size + kMemberBytes * spec.slots.size());
  const uint64_t inherited =
      Get<uint64_t>(base + fields.tp_flags) & ~type_flags::kManagedDict;
  FillType(type,
           {spec.name, inherited | spec.flags | type_flags::kHeapType,
            spec.basicsize != 0 ? spec.basicsize
                                : Get<uint64_t>(base + fields.tp_basicsize),
            Get<uint64_t>(base + fields.tp_itemsize), base, Type("type")});
  Put(type + fields.tp_dictoffset, spec.dictoffset);
  Put(type + fields.ht_name, name);
  // Which is how a class statement's types are told.
  Put(type + fields.tp_name,
      name + (layout_.version.major < 3 ? layout_.bytes.ob_sval
                                        : layout_.unicode.ascii_size));
  if (fields.ht_qualname != kAbsent) Put(type + fields.ht_qualname, name);
  Put(type + fields.tp_repr,
      spec.has_repr ? kOwnRepr : Get<RemoteAddr>(base + fields.tp_repr));
  Put(type + fields.tp_dict,
      AddDict({{AddName("__module__"), AddName(spec.module)}}));
  const RemoteAddr members = type + fields.heap_size;
  Put<uint64_t>(type + layout_.object.ob_size, spec.slots.size());
  Put(type + fields.tp_members, members);
  for (size_t i = 0; i < spec.slots.size(); ++i) {
    Put(members + kMemberBytes * i + kWord, kObjectEx);
    Put(members + kMemberBytes * i + 2 * kWord, spec.slots[i]);
  }
  if (!spec.shared_names.empty()) {
    Items names;
    for (const std::string& shared : spec.shared_names)
      names.emplace_back(AddName(shared), RemoteAddr{});
    Put(type + fields.ht_cached_keys, AddKeys(names, DictForm::kSplit));
  }
  return type;
}

RemoteAddr ObjectBuilder::AddObject(RemoteAddr type, uint64_t bytes) {
  const RemoteAddr object = Allocate(bytes);
  Put<uint32_t>(object + layout_.object.ob_refcnt, 1);
  Put(object + layout_.object.ob_type, type);
  return object;
}

RemoteAddr ObjectBuilder::AddInt(int32_t value) {
  if (layout_.version.major < 3) {
    const RemoteAddr object = AddObject(Type("int"));
    Put<int64_t>(object + layout_.int_object.ob_ival, value);
    return object;
  }
  if (value == 0) return AddInt(false, {});
  return AddInt(value < 0, {static_cast<uint32_t>(value < 0 ? -value : value)});
}

RemoteAddr ObjectBuilder::AddInt(bool negative,
                                 const std::vector<uint32_t>& digits) {
  const auto& fields = layout_.long_object;
  const RemoteAddr object =
      AddObject(Type(layout_.version.major < 3 ? "long" : "int"),
                fields.ob_digit + sizeof(uint32_t) * (digits.size() + 1));
  const auto size = static_cast<int64_t>(digits.size());
  if (fields.lv_tag != kAbsent) {
    const int64_t sign = digits.empty() ? 1 : negative ? 2 : 0;
    Put(object + fields.lv_tag, size << 3 | sign);
  } else {
    Put(object + layout_.object.ob_size, negative ? -size : size);
  }
  for (size_t i = 0; i < digits.size(); ++i)
    Put(object + fields.ob_digit + sizeof(uint32_t) * i, digits[i]);
  return object;
}

RemoteAddr ObjectBuilder::AddText(const std::u32string& text) {
  const auto& fields = layout_.unicode;
  const uint32_t largest =
      text.empty() ? 0 : *std::max_element(text.begin(), text.end());
  const bool python2 = fields.state == kAbsent;
  const uint32_t kind = python2             ? 4
                        : largest < 0x100   ? 1
                        : largest < 0x10000 ? 2
                                            : 4;
  const bool ascii = !python2 && largest < 0x80;
  const uint64_t bytes = kind * (text.size() + 1);
  RemoteAddr object{};
  RemoteAddr data{};
  if (python2) {
    object = AddObject(Type("unicode"));
    data = Allocate(bytes);
    Put(object + fields.data, data);
  } else {
    const Offset header = ascii ? fields.ascii_size : fields.compact_size;
    object = AddObject(Type("str"), header + bytes);
    data = object + header;
    const uint32_t state = kind << 2 | kCompact | (ascii ? kAscii : 0);
    Put(object + fields.state, state << fields.state_shift);
  }
  Put<uint64_t>(object + fields.length, text.size());
  for (size_t i = 0; i < text.size(); ++i)
    std::memcpy(At(data + kind * i), &text[i], kind);
  return object;
}

RemoteAddr ObjectBuilder::AddName(std::string_view text) {
  if (layout_.version.major < 3) return AddBytes(text);
  return AddText(std::u32string(text.begin(), text.end()));
}

RemoteAddr ObjectBuilder::AddBytes(std::string_view bytes) {
  const RemoteAddr object =
      AddObject(Type(layout_.version.major < 3 ? "str" : "bytes"),
                layout_.bytes.ob_sval + bytes.size() + 1);
  Put<uint64_t>(object + layout_.object.ob_size, bytes.size());
  PutText(object + layout_.bytes.ob_sval, bytes);
  return object;
}

RemoteAddr ObjectBuilder::AddTuple(const std::vector<RemoteAddr>& items) {
  const RemoteAddr object =
      AddObject(Type("tuple"), layout_.tuple.ob_item + kWord * items.size());
  Put<uint64_t>(object + layout_.object.ob_size, items.size());
  PutPointers(object + layout_.tuple.ob_item, items);
  return object;
}

RemoteAddr ObjectBuilder::AddList(const std::vector<RemoteAddr>& items) {
  const RemoteAddr array = Allocate(kWord * items.size());
  PutPointers(array, items);
  const RemoteAddr object = AddObject(Type("list"));
  Put<uint64_t>(object + layout_.object.ob_size, items.size());
  Put(object + layout_.list.ob_item, array);
  Put<uint64_t>(object + layout_.list.allocated, items.size());
  return object;
}

}  // namespace leak_exporter::cpython
