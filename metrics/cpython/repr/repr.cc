#include "metrics/cpython/repr/repr.h"

#include <algorithm>
#include <iterator>

#include "metrics/cpython/objects/python_class.h"
#include "metrics/cpython/repr/repr_context.h"

namespace leak_exporter::cpython {
namespace {

constexpr size_t kMaxNameBytes = 256;
/// Every level writes at least one character, so the text is full before this
/// depth is reached.
constexpr size_t kMaxDepth = 200;

using Writer = bool (*)(ReprContext&, const ReprSubject&);

struct NamedWriter {
  std::string_view tp_name;
  Writer write;
};

bool WriteNone(ReprContext& context, const ReprSubject&) {
  context.out.Put("None");
  return true;
}
bool WriteEllipsis(ReprContext& context, const ReprSubject&) {
  context.out.Put("Ellipsis");
  return true;
}
bool WriteNotImplemented(ReprContext& context, const ReprSubject&) {
  context.out.Put("NotImplemented");
  return true;
}

/// By the C type's tp_name.
constexpr NamedWriter kWriters[] = {
    {"NoneType", WriteNone},
    {"NotImplementedType", WriteNotImplemented},
    {"_io.BufferedRandom", WriteBuffered},
    {"_io.BufferedReader", WriteBuffered},
    {"_io.BufferedWriter", WriteBuffered},
    {"_io.FileIO", WriteFileIo},
    {"_io.TextIOWrapper", WriteTextIo},
    {"async_generator", WriteGenerator},
    {"bool", WriteBool},
    {"builtin_function_or_method", WriteBuiltin},
    {"builtin_method", WriteBuiltin},
    {"bytearray", WriteByteArray},
    {"bytes", WriteBytes},
    {"cell", WriteCell},
    {"classmethod_descriptor", WriteDescriptor},
    {"classmethod", WriteClassMethod},
    {"classobj", WriteOldClass},
    {"code", WriteCode},
    {"collections.OrderedDict", WriteOrderedDict},
    {"collections.defaultdict", WriteDefaultDict},
    {"collections.deque", WriteDeque},
    {"complex", WriteComplex},
    {"coroutine", WriteGenerator},
    {"dict", WriteDict},
    {"dict_proxy", WriteMappingProxy},
    {"dictproxy", WriteMappingProxy},
    {"ellipsis", WriteEllipsis},
    {"float", WriteFloat},
    {"frozenset", WriteSet},
    {"function", WriteFunction},
    {"functools.partial", WritePartial},
    {"generator", WriteGenerator},
    {"getset_descriptor", WriteDescriptor},
    {"instance", WriteOldInstance},
    {"instancemethod", WriteMethod},
    {"list", WriteList},
    {"long", WriteLong},
    {"mappingproxy", WriteMappingProxy},
    {"member_descriptor", WriteDescriptor},
    {"memoryview", WriteMemoryView},
    {"method", WriteMethod},
    {"method-wrapper", WriteMethodWrapper},
    {"method_descriptor", WriteDescriptor},
    {"module", WriteModule},
    {"range", WriteRange},
    {"set", WriteSet},
    {"slice", WriteSlice},
    {"staticmethod", WriteClassMethod},
    {"tuple", WriteTuple},
    {"type", WriteType},
    {"types.SimpleNamespace", WriteNamespace},
    {"unicode", WriteText},
    {"weakref", WriteWeakref},
    {"weakref.ReferenceType", WriteWeakref},
    {"wrapper_descriptor", WriteDescriptor},
    {"xrange", WriteRange},
};

Writer FindWriter(const ReprContext& context, std::string_view tp_name) {
  if (tp_name == "int") return context.python2() ? WriteInt2 : WriteLong;
  if (tp_name == "str") return context.python2() ? WriteBytes : WriteText;
  const auto* found = std::find_if(
      std::begin(kWriters), std::end(kWriters),
      [&](const NamedWriter& row) { return row.tp_name == tp_name; });
  return found == std::end(kWriters) ? nullptr : found->write;
}

/// Renders an object as its C type does, where the class leaves rendering to
/// that type.
bool WriteByType(ReprContext& context, const ReprSubject& subject) {
  const TypeInfo type = context.types[subject.type];
  if (type.tp_repr != subject.native.tp_repr)
    return type.Has(type_flags::kTupleSubclass) &&
           WriteNamedTuple(context, subject);
  Writer write = FindWriter(context, subject.native_name);
  if (write == nullptr && type.Has(type_flags::kBaseExcSubclass))
    write = WriteException;
  // Metaclasses that C code made.
  if (write == nullptr && type.Has(type_flags::kTypeSubclass))
    write = WriteType;
  if (write == nullptr && type.Has(type_flags::kTupleSubclass))
    write = WriteStructSequence;
  return write != nullptr && write(context, subject);
}

}  // namespace

ReprPrinter::ReprPrinter(TypeTable& types)
    : types_(types), memory_(types.memory()) {}

std::string ReprPrinter::Print(RemoteAddr object, size_t limit) {
  ReprContext context{types_, memory_, types_.layout(), BoundedText(limit), {}};
  // The limit of reads starts anew.
  memory_.Enter({}, {});
  WriteRepr(context, object);
  return context.out.Take();
}

void WriteRepr(ReprContext& context, RemoteAddr object) {
  if (context.out.full()) return;
  if (object == RemoteAddr{}) return context.out.Put("<NULL>");
  ReprSubject subject;
  subject.address = object;
  subject.type = context.types.Find(context.TypeOf(object));
  if (subject.type == kNoType || context.active.size() >= kMaxDepth) {
    context.out.Put("<? object at ");
    WriteAddress(context, object);
    return context.out.Put(">");
  }
  const auto native = FindNativeBase(context.types, context.memory,
                                     context.types[subject.type]);
  if (native) {
    subject.native = *native;
    subject.native_name = context.types.memory()
                              .ReadCString(native->tp_name, kMaxNameBytes)
                              .value_or("");
    context.active.push_back(object);
    const bool written = WriteByType(context, subject);
    context.active.pop_back();
    if (written) return;
  }
  WritePlainObject(context, subject);
}

void WritePlainObject(ReprContext& context, const ReprSubject& subject) {
  context.out.Put("<");
  context.out.Put(context.types.ReadName(subject.type).value_or("?"));
  context.out.Put(" object at ");
  WriteAddress(context, subject.address);
  context.out.Put(">");
}

void WriteAddress(ReprContext& context, RemoteAddr address) {
  context.out.Put(ToString(address));
}

std::string TpName(ReprContext& context, TypeIndex type) {
  return context.types.memory()
      .ReadCString(context.types[type].tp_name, kMaxNameBytes)
      .value_or("?");
}

std::string ShortName(ReprContext& context, TypeIndex type) {
  std::string name = TpName(context, type);
  // The name of a class made by Python code may have a dot in it. The name of a
  // C type has its module before the last dot.
  if (IsPythonClass(context.types[type], context.layout, context.memory))
    return name;
  const size_t dot = name.rfind('.');
  return dot == std::string::npos ? name : name.substr(dot + 1);
}

}  // namespace leak_exporter::cpython
