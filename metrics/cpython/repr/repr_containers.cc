#include <algorithm>
#include <unordered_map>
#include <vector>

#include "metrics/cpython/objects/dict_reader.h"
#include "metrics/cpython/repr/repr_context.h"

namespace leak_exporter::cpython {
namespace {

constexpr uint64_t kWordBytes = 8;
/// An item that is shown takes at least two characters, a hole between items
/// none.
constexpr uint64_t kMaxShownItems = 100;
constexpr uint64_t kMaxDictEntries = 1 << 16;
constexpr uint64_t kMaxSetEntries = 1 << 20;
constexpr uint64_t kMaxFields = 1024;
/// How many entries are searched for a name.
constexpr uint64_t kMaxNames = 8192;

/// Of a text that is too long nothing but the length is read.
bool IsNamed(ReprContext& context, RemoteAddr key, std::string_view name) {
  const auto text =
      ReadText(context.types.memory(), context.layout, key, name.size());
  return text && *text == name;
}

void WriteComma(ReprContext& context, bool& first) {
  if (!first) context.out.Put(", ");
  first = false;
}

void WriteItems(ReprContext& context, RemoteAddr items, uint64_t count) {
  bool first = true;
  for (uint64_t i = 0; i < std::min(count, kMaxShownItems); ++i) {
    if (context.out.full()) return;
    WriteComma(context, first);
    WriteRepr(context, context.Pointer(items + kWordBytes * i));
  }
}

std::optional<uint64_t> Size(ReprContext& context, const ReprSubject& subject) {
  const auto size = context.memory.Read<int64_t>(subject.address +
                                                 context.layout.object.ob_size);
  if (!size || *size < 0) return std::nullopt;
  return static_cast<uint64_t>(*size);
}

bool WriteDictBody(ReprContext& context, RemoteAddr dict) {
  bool first = true;
  context.out.Put("{");
  const bool read =
      ForEachItem(context.layout, context.memory, dict, kMaxDictEntries,
                  [&](RemoteAddr key, RemoteAddr value) {
                    WriteComma(context, first);
                    WriteRepr(context, key);
                    context.out.Put(": ");
                    WriteRepr(context, value);
                    return !context.out.full();
                  });
  context.out.Put("}");
  return read;
}

std::string ContainerName(ReprContext& context, const ReprSubject& subject) {
  if (context.layout.internal.subclass_names_shown)
    return ShortName(context, subject.type);
  return subject.native_name.substr(subject.native_name.rfind('.') + 1);
}

/// Recognises deleted entries. In 3.x they have a hash that no object has; 2.7
/// puts a certain str there.
class Dummies {
 public:
  explicit Dummies(ReprContext& context) : context_(context) {}
  bool Contain(RemoteAddr key, int64_t hash) {
    if (!context_.python2()) return hash == -1;
    if (dummy_ == RemoteAddr{} && IsNamed(context_, key, "<dummy key>"))
      dummy_ = key;
    return key == dummy_;
  }

 private:
  ReprContext& context_;
  RemoteAddr dummy_{};
};

void WriteSetItems(ReprContext& context, RemoteAddr set) {
  const auto& layout = context.layout.set;
  const uint64_t mask =
      context.memory.Read<uint64_t>(set + layout.mask).value_or(0);
  const RemoteAddr table = context.Pointer(set + layout.table);
  bool first = true;
  Dummies dummies(context);
  for (uint64_t i = 0; i <= mask && i < kMaxSetEntries; ++i) {
    if (context.out.full()) return;
    const RemoteAddr entry = table + 2 * kWordBytes * i;
    const auto key = context.memory.Read<RemoteAddr>(entry + layout.entry_key);
    const auto hash = context.memory.Read<int64_t>(entry + layout.entry_hash);
    if (!key || !hash) return;
    if (*key == RemoteAddr{} || dummies.Contain(*key, *hash)) continue;
    WriteComma(context, first);
    WriteRepr(context, *key);
  }
}

}  // namespace

bool WriteList(ReprContext& context, const ReprSubject& subject) {
  const auto size = Size(context, subject);
  if (!size) return false;
  if (context.IsRecursive(subject.address)) {
    context.out.Put("[...]");
    return true;
  }
  context.out.Put("[");
  WriteItems(context,
             context.Pointer(subject.address + context.layout.list.ob_item),
             *size);
  context.out.Put("]");
  return true;
}

bool WriteTuple(ReprContext& context, const ReprSubject& subject) {
  const auto size = Size(context, subject);
  if (!size) return false;
  if (context.IsRecursive(subject.address)) {
    context.out.Put("(...)");
    return true;
  }
  context.out.Put("(");
  WriteItems(context, subject.address + context.layout.tuple.ob_item, *size);
  context.out.Put(*size == 1 ? ",)" : ")");
  return true;
}

bool WriteSet(ReprContext& context, const ReprSubject& subject) {
  const std::string name = ShortName(context, subject.type);
  const auto used =
      context.memory.Read<uint64_t>(subject.address + context.layout.set.used);
  if (!used) return false;
  if (context.IsRecursive(subject.address)) {
    context.out.Put(name + "(...)");
    return true;
  }
  if (*used == 0 && !context.python2()) {
    context.out.Put(name + "()");
    return true;
  }
  const bool bare = !context.python2() && name == "set";
  if (!bare) context.out.Put(name + "(");
  context.out.Put(context.python2() ? "[" : "{");
  WriteSetItems(context, subject.address);
  context.out.Put(context.python2() ? "]" : "}");
  if (!bare) context.out.Put(")");
  return true;
}

bool WriteDict(ReprContext& context, const ReprSubject& subject) {
  if (context.IsRecursive(subject.address)) {
    context.out.Put("{...}");
    return true;
  }
  WriteDictBody(context, subject.address);
  return true;
}

bool WriteDeque(ReprContext& context, const ReprSubject& subject) {
  const auto& layout = context.layout.internal.deque;
  constexpr uint64_t kLeftBlock = 8;
  const auto length =
      context.memory.Read<uint64_t>(subject.address + layout.len);
  auto index =
      context.memory.Read<uint64_t>(subject.address + layout.leftindex);
  if (!length || !index) return false;
  if (context.IsRecursive(subject.address)) {
    context.out.Put("[...]");
    return true;
  }
  const auto maxlen =
      context.memory.Read<int64_t>(subject.address + layout.maxlen);
  context.out.Put(ContainerName(context, subject) + "([");
  RemoteAddr block =
      context.Pointer(subject.address + layout.leftindex - 2 * kLeftBlock);
  bool first = true;
  for (uint64_t i = 0; i < std::min(*length, kMaxShownItems); ++i) {
    if (context.out.full()) break;
    if (*index >= layout.block_items) {
      block = context.Pointer(block + layout.block_right_link);
      index = 0;
    }
    WriteComma(context, first);
    WriteRepr(context,
              context.Pointer(block + layout.block_data + kWordBytes * *index));
    ++*index;
  }
  context.out.Put("]");
  if (maxlen && *maxlen >= 0)
    context.out.Put(", maxlen=" + std::to_string(*maxlen));
  context.out.Put(")");
  return true;
}

bool WriteOrderedDict(ReprContext& context, const ReprSubject& subject) {
  if (context.IsRecursive(subject.address)) {
    context.out.Put("...");
    return true;
  }
  const auto& layout = context.layout.internal.ordered_dict;
  const std::string name = ShortName(context, subject.type);
  const auto used = context.memory.Read<uint64_t>(subject.address +
                                                  context.layout.dict.ma_used);
  if (!used) return false;
  if (*used == 0) {
    context.out.Put(name + "()");
    return true;
  }
  // A list of keys gives the order; the values are in the dict.
  std::unordered_map<uint64_t, RemoteAddr> values;
  RemoteAddr node = context.Pointer(subject.address + layout.od_first);
  for (uint64_t i = 0; i < kMaxShownItems && node != RemoteAddr{}; ++i) {
    values.emplace(Value(context.Pointer(node)), RemoteAddr{});
    node = context.Pointer(node + layout.node_next);
  }
  ForEachItem(context.layout, context.memory, subject.address, kMaxDictEntries,
              [&](RemoteAddr key, RemoteAddr value) {
                const auto shown = values.find(Value(key));
                if (shown != values.end()) shown->second = value;
                return true;
              });
  context.out.Put(name + (layout.shown_as_dict ? "({" : "(["));
  bool first = true;
  node = context.Pointer(subject.address + layout.od_first);
  for (uint64_t i = 0; i < kMaxShownItems && node != RemoteAddr{}; ++i) {
    if (context.out.full()) break;
    const RemoteAddr key = context.Pointer(node);
    const auto value = values.find(Value(key));
    if (value == values.end() || value->second == RemoteAddr{}) break;
    WriteComma(context, first);
    if (!layout.shown_as_dict) context.out.Put("(");
    WriteRepr(context, key);
    context.out.Put(layout.shown_as_dict ? ": " : ", ");
    WriteRepr(context, value->second);
    if (!layout.shown_as_dict) context.out.Put(")");
    node = context.Pointer(node + layout.node_next);
  }
  context.out.Put(layout.shown_as_dict ? "})" : "])");
  return true;
}

bool WriteDefaultDict(ReprContext& context, const ReprSubject& subject) {
  const RemoteAddr factory = context.Pointer(
      subject.address + context.layout.internal.default_dict.default_factory);
  context.out.Put(ContainerName(context, subject) + "(");
  if (context.IsRecursive(subject.address)) {
    context.out.Put("...");
  } else if (factory == RemoteAddr{}) {
    context.out.Put("None");
  } else {
    WriteRepr(context, factory);
  }
  context.out.Put(", ");
  if (context.IsRecursive(subject.address)) {
    context.out.Put("{...}");
  } else {
    WriteDictBody(context, subject.address);
  }
  context.out.Put(")");
  return true;
}

bool WriteMappingProxy(ReprContext& context, const ReprSubject& subject) {
  constexpr uint64_t kMapping = 16;
  context.out.Put(context.python2() ? "dict_proxy(" : "mappingproxy(");
  WriteRepr(context, context.Pointer(subject.address + kMapping));
  context.out.Put(")");
  return true;
}

bool WriteNamedTuple(ReprContext& context, const ReprSubject& subject) {
  const auto size = Size(context, subject);
  RemoteAddr fields{};
  TypeIndex owner = subject.type;
  TypeInfo type = context.types[subject.type];
  // A subclass has the names from its base.
  for (int i = 0; i < 64 && fields == RemoteAddr{}; ++i) {
    fields = FindItem(context, type.tp_dict, "_fields");
    const TypeIndex base = context.types.Find(type.base);
    if (fields != RemoteAddr{} || base == kNoType) break;
    owner = base;
    type = context.types[base];
  }
  if (!size || fields == RemoteAddr{}) return false;
  const TypeIndex fields_type = context.types.Find(context.TypeOf(fields));
  const auto count =
      context.memory.Read<uint64_t>(fields + context.layout.object.ob_size);
  if (fields_type == kNoType || count != *size || *size > kMaxFields ||
      !context.types[fields_type].Has(type_flags::kTupleSubclass))
    return false;
  // 2.7 shows the class that has the names.
  context.out.Put(ShortName(context, context.python2() ? owner : subject.type) +
                  "(");
  bool first = true;
  for (uint64_t i = 0; i < *size && !context.out.full(); ++i) {
    const uint64_t item = context.layout.tuple.ob_item + kWordBytes * i;
    WriteComma(context, first);
    WriteRawText(context, context.Pointer(fields + item));
    context.out.Put("=");
    WriteRepr(context, context.Pointer(subject.address + item));
  }
  context.out.Put(")");
  return true;
}

RemoteAddr FindItem(ReprContext& context, RemoteAddr dict,
                    std::string_view key) {
  RemoteAddr found{};
  if (dict == RemoteAddr{}) return found;
  ForEachItem(context.layout, context.memory, dict, kMaxNames,
              [&](RemoteAddr name, RemoteAddr value) {
                if (!IsNamed(context, name, key)) return true;
                found = value;
                return false;
              });
  return found;
}

RemoteAddr FindAttribute(ReprContext& context, RemoteAddr object,
                         std::string_view name) {
  RemoteAddr found{};
  const TypeIndex type = context.types.Find(context.TypeOf(object));
  if (type == kNoType) return found;
  ForEachAttribute(context.layout, context.memory, object, context.types[type],
                   [&](RemoteAddr key, RemoteAddr value) {
                     if (!IsNamed(context, key, name)) return true;
                     found = value;
                     return false;
                   });
  return found;
}

bool IsNone(ReprContext& context, RemoteAddr object) {
  const TypeIndex type = context.types.Find(context.TypeOf(object));
  return type != kNoType && TpName(context, type) == "NoneType";
}

}  // namespace leak_exporter::cpython
