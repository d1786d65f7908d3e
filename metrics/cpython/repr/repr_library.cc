#include <algorithm>
#include <string>

#include "metrics/cpython/objects/dict_reader.h"
#include "metrics/cpython/repr/repr_context.h"

namespace leak_exporter::cpython {
namespace {

constexpr uint64_t kWordBytes = 8;
constexpr uint64_t kMaxShownItems = 100;
constexpr size_t kMaxNameBytes = 256;
constexpr uint64_t kMemberDefBytes = 40;

/// "name=value" for each item of a dict, after what was written before.
void WriteNamedItems(ReprContext& context, RemoteAddr dict, bool first) {
  ForEachItem(context.layout, context.memory, dict, kMaxShownItems,
              [&](RemoteAddr key, RemoteAddr value) {
                if (!first) context.out.Put(", ");
                first = false;
                WriteRawText(context, key);
                context.out.Put("=");
                WriteRepr(context, value);
                return !context.out.full();
              });
}

uint64_t TupleSize(ReprContext& context, RemoteAddr tuple) {
  return context.memory.Read<uint64_t>(tuple + context.layout.object.ob_size)
      .value_or(0);
}

RemoteAddr TupleItem(ReprContext& context, RemoteAddr tuple, uint64_t i) {
  return context.Pointer(tuple + context.layout.tuple.ob_item + kWordBytes * i);
}

}  // namespace

bool WriteException(ReprContext& context, const ReprSubject& subject) {
  constexpr uint64_t kArgs = 24;
  const RemoteAddr args = context.Pointer(subject.address + kArgs);
  if (args == RemoteAddr{}) return false;
  context.out.Put(ShortName(context, subject.type));
  if (context.layout.internal.lone_argument_bare &&
      TupleSize(context, args) == 1) {
    context.out.Put("(");
    WriteRepr(context, TupleItem(context, args, 0));
    context.out.Put(")");
    return true;
  }
  WriteRepr(context, args);
  return true;
}

bool WritePartial(ReprContext& context, const ReprSubject& subject) {
  constexpr uint64_t kFunction = 16;
  const RemoteAddr args =
      context.Pointer(subject.address + kFunction + kWordBytes);
  const RemoteAddr named =
      context.Pointer(subject.address + kFunction + 2 * kWordBytes);
  if (context.python2()) return false;
  context.out.Put(context.types.ReadName(subject.type).value_or("?") + "(");
  if (context.IsRecursive(subject.address)) {
    context.out.Put("...)");
    return true;
  }
  WriteRepr(context, context.Pointer(subject.address + kFunction));
  for (uint64_t i = 0; i < std::min(TupleSize(context, args), kMaxShownItems) &&
                       !context.out.full();
       ++i) {
    context.out.Put(", ");
    WriteRepr(context, TupleItem(context, args, i));
  }
  WriteNamedItems(context, named, false);
  context.out.Put(")");
  return true;
}

bool WriteNamespace(ReprContext& context, const ReprSubject& subject) {
  constexpr uint64_t kDict = 16;
  const std::string name = TpName(context, subject.type);
  context.out.Put(name == "types.SimpleNamespace" ? "namespace(" : name + "(");
  if (context.IsRecursive(subject.address)) {
    context.out.Put("...)");
    return true;
  }
  WriteNamedItems(context, context.Pointer(subject.address + kDict), true);
  context.out.Put(")");
  return true;
}

bool WriteMemoryView(ReprContext& context, const ReprSubject& subject) {
  constexpr uint64_t kFlags = 40;
  constexpr uint32_t kReleased = 1;
  const auto flags = context.memory.Read<uint32_t>(subject.address + kFlags);
  const bool released =
      !context.python2() && flags && (*flags & kReleased) != 0;
  context.out.Put(released ? "<released memory at " : "<memory at ");
  WriteAddress(context, subject.address);
  context.out.Put(">");
  return true;
}

bool WriteMethodWrapper(ReprContext& context, const ReprSubject& subject) {
  constexpr uint64_t kDescr = 16;
  constexpr uint64_t kSelf = 24;
  const RemoteAddr descr = context.Pointer(subject.address + kDescr);
  const RemoteAddr self = context.Pointer(subject.address + kSelf);
  // PyWrapperDescrObject.d_base follows what all descriptors have.
  const Offset d_base = context.layout.descr.d_qualname == kAbsent
                            ? context.layout.descr.d_name + 8
                            : context.layout.descr.d_qualname + 8;
  const auto name = context.types.memory().ReadCString(
      context.Pointer(context.Pointer(descr + d_base)), kMaxNameBytes);
  const TypeIndex type = context.types.Find(context.TypeOf(self));
  if (!name || type == kNoType) return false;
  context.out.Put("<method-wrapper '" + *name + "' of " +
                  TpName(context, type) + " object at ");
  WriteAddress(context, self);
  context.out.Put(">");
  return true;
}

bool WriteClassMethod(ReprContext& context, const ReprSubject& subject) {
  constexpr uint64_t kCallable = 16;
  if (!context.layout.internal.callables_show_what_they_hold) return false;
  context.out.Put("<" + subject.native_name + "(");
  WriteRepr(context, context.Pointer(subject.address + kCallable));
  context.out.Put(")>");
  return true;
}

bool WriteStructSequence(ReprContext& context, const ReprSubject& subject) {
  const RemoteAddr members = context.Pointer(
      context.types[subject.type].address + context.layout.type.tp_members);
  const uint64_t size = TupleSize(context, subject.address);
  context.out.Put(TpName(context, subject.type) + "(");
  for (uint64_t i = 0; i < std::min(size, kMaxShownItems); ++i) {
    if (context.out.full()) break;
    const auto name = context.types.memory().ReadCString(
        context.Pointer(members + kMemberDefBytes * i), kMaxNameBytes);
    if (!name) break;
    context.out.Put((i == 0 ? "" : ", ") + *name + "=");
    WriteRepr(context, TupleItem(context, subject.address, i));
  }
  context.out.Put(")");
  return true;
}

}  // namespace leak_exporter::cpython
