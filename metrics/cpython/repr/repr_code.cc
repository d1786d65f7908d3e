#include <string>

#include "metrics/cpython/repr/repr_context.h"

namespace leak_exporter::cpython {
namespace {

constexpr size_t kMaxNameBytes = 256;

std::string CString(ReprContext& context, RemoteAddr address) {
  return context.types.memory()
      .ReadCString(address, kMaxNameBytes)
      .value_or("?");
}

/// "<WHAT NAME at 0x…"
void WriteNamed(ReprContext& context, std::string_view what, RemoteAddr name,
                RemoteAddr address) {
  context.out.Put(what);
  WriteRawText(context, name);
  context.out.Put(" at ");
  WriteAddress(context, address);
}

RemoteAddr FunctionName(ReprContext& context, RemoteAddr function) {
  const auto& layout = context.layout.function;
  return context.Pointer(function + (layout.func_qualname == kAbsent
                                         ? layout.func_name
                                         : layout.func_qualname));
}

std::string NativeNameOf(ReprContext& context, RemoteAddr object) {
  const TypeIndex type = context.types.Find(context.TypeOf(object));
  return type == kNoType ? std::string() : TpName(context, type);
}

RemoteAddr ModuleDict(ReprContext& context, RemoteAddr module) {
  return context.Pointer(module + context.layout.internal.module.md_dict);
}

bool IsType(ReprContext& context, RemoteAddr object) {
  const TypeIndex type = context.types.Find(context.TypeOf(object));
  return type != kNoType && context.types[type].Has(type_flags::kTypeSubclass);
}

/// object.__name__, where C code finds one; empty where there is none.
std::string NameOf(ReprContext& context, RemoteAddr object) {
  if (IsType(context, object)) {
    const TypeIndex type = context.types.Find(object);
    return type == kNoType ? std::string() : ShortName(context, type);
  }
  const std::string kind = NativeNameOf(context, object);
  if (kind == "function")
    return ReadShortText(
        context, context.Pointer(object + context.layout.function.func_name));
  if (kind == "builtin_function_or_method")
    return CString(
        context,
        context.Pointer(context.Pointer(object + context.layout.builtin.m_ml)));
  // Since 3.13 only the type is looked at.
  if (kind == "module" && !context.layout.internal.weakrefs_show_qualified)
    return ReadShortText(
        context, FindItem(context, ModuleDict(context, object), "__name__"));
  return {};
}

std::string OldClassName(ReprContext& context, RemoteAddr old_class) {
  constexpr uint64_t kClassDict = 24;
  constexpr uint64_t kClassName = 32;
  const std::string module = ReadShortText(
      context,
      FindItem(context, context.Pointer(old_class + kClassDict), "__module__"));
  return (module.empty() ? "?" : module) + "." +
         ReadShortText(context, context.Pointer(old_class + kClassName));
}

/// How importlib's own loaders call modules without files.
std::string ImporterKind(ReprContext& context, RemoteAddr loader) {
  if (loader == RemoteAddr{} || !IsType(context, loader)) return {};
  const std::string name = NameOf(context, loader);
  if (name == "BuiltinImporter") return "built-in";
  return name == "FrozenImporter" ? "frozen" : "";
}

}  // namespace

bool WriteFunction(ReprContext& context, const ReprSubject& subject) {
  WriteNamed(context, "<function ", FunctionName(context, subject.address),
             subject.address);
  context.out.Put(">");
  return true;
}

bool WriteMethod(ReprContext& context, const ReprSubject& subject) {
  const auto& layout = context.layout.method;
  const RemoteAddr function = context.Pointer(subject.address + layout.im_func);
  const RemoteAddr self = context.Pointer(subject.address + layout.im_self);
  const bool is_function = NativeNameOf(context, function) == "function";
  context.out.Put(self == RemoteAddr{} ? "<unbound method " : "<bound method ");
  if (context.python2()) {
    constexpr uint64_t kImClass = 32;
    const TypeIndex type =
        context.types.Find(context.Pointer(subject.address + kImClass));
    context.out.Put(
        (type == kNoType ? std::string("?") : ShortName(context, type)) + ".");
  }
  if (is_function) {
    WriteRawText(context, FunctionName(context, function));
  } else {
    const std::string name = NameOf(context, function);
    context.out.Put(name.empty() ? "?" : name);
  }
  if (self != RemoteAddr{}) {
    context.out.Put(" of ");
    WriteRepr(context, self);
  }
  context.out.Put(">");
  return true;
}

bool WriteBuiltin(ReprContext& context, const ReprSubject& subject) {
  const auto& layout = context.layout.builtin;
  const std::string name = CString(
      context, context.Pointer(context.Pointer(subject.address + layout.m_ml)));
  const RemoteAddr self = context.Pointer(subject.address + layout.m_self);
  const std::string self_type =
      self == RemoteAddr{} ? "module" : NativeNameOf(context, self);
  if (self_type == "module") {
    context.out.Put("<built-in function " + name + ">");
    return true;
  }
  context.out.Put("<built-in method " + name + " of " + self_type +
                  " object at ");
  WriteAddress(context, self);
  context.out.Put(">");
  return true;
}

bool WriteDescriptor(ReprContext& context, const ReprSubject& subject) {
  const auto& layout = context.layout.descr;
  const TypeIndex owner =
      context.types.Find(context.Pointer(subject.address + layout.d_type));
  if (owner == kNoType) return false;
  const std::string& kind = subject.native_name;
  context.out.Put(kind == "getset_descriptor"    ? "<attribute '"
                  : kind == "member_descriptor"  ? "<member '"
                  : kind == "wrapper_descriptor" ? "<slot wrapper '"
                                                 : "<method '");
  WriteRawText(context, context.Pointer(subject.address + layout.d_name));
  context.out.Put("' of '" + TpName(context, owner) + "' objects>");
  return true;
}

bool WriteGenerator(ReprContext& context, const ReprSubject& subject) {
  const auto& layout = context.layout.internal.generator;
  RemoteAddr name{};
  if (layout.gi_qualname != kAbsent) {
    name = context.Pointer(subject.address + layout.gi_qualname);
  } else {
    // 2.7 has only the name of the code.
    constexpr uint64_t kGiCode = 32;
    name = context.Pointer(context.Pointer(subject.address + kGiCode) +
                           context.layout.code.co_name);
  }
  WriteNamed(context, "<" + subject.native_name + " object ", name,
             subject.address);
  context.out.Put(">");
  return true;
}

bool WriteCode(ReprContext& context, const ReprSubject& subject) {
  const auto& layout = context.layout.code;
  const auto line =
      context.memory.Read<int32_t>(subject.address + layout.co_firstlineno);
  if (!line) return false;
  WriteNamed(context, "<code object ",
             context.Pointer(subject.address + layout.co_name),
             subject.address);
  context.out.Put(", file \"");
  WriteRawText(context, context.Pointer(subject.address + layout.co_filename));
  context.out.Put("\", line " + std::to_string(*line == 0 ? -1 : *line) + ">");
  return true;
}

bool WriteCell(ReprContext& context, const ReprSubject& subject) {
  const RemoteAddr held =
      context.Pointer(subject.address + context.layout.cell.ob_ref);
  context.out.Put("<cell at ");
  WriteAddress(context, subject.address);
  if (held == RemoteAddr{}) {
    context.out.Put(": empty>");
    return true;
  }
  context.out.Put(": " + NativeNameOf(context, held).substr(0, 80) +
                  " object at ");
  WriteAddress(context, held);
  context.out.Put(">");
  return true;
}

bool WriteType(ReprContext& context, const ReprSubject& subject) {
  const TypeIndex type = context.types.Find(subject.address);
  if (type == kNoType) return false;
  const auto name = context.types.ReadName(type);
  if (!name) return false;
  const bool is_class =
      !context.python2() || context.types[type].Has(type_flags::kHeapType);
  context.out.Put((is_class ? "<class '" : "<type '") + *name + "'>");
  return true;
}

bool WriteOldClass(ReprContext& context, const ReprSubject& subject) {
  context.out.Put("<class " + OldClassName(context, subject.address) + " at ");
  WriteAddress(context, subject.address);
  context.out.Put(">");
  return true;
}

bool WriteOldInstance(ReprContext& context, const ReprSubject& subject) {
  constexpr uint64_t kInClass = 16;
  context.out.Put(
      "<" + OldClassName(context, context.Pointer(subject.address + kInClass)) +
      " instance at ");
  WriteAddress(context, subject.address);
  context.out.Put(">");
  return true;
}

bool WriteModule(ReprContext& context, const ReprSubject& subject) {
  const RemoteAddr dict = ModuleDict(context, subject.address);
  RemoteAddr name = FindItem(context, dict, "__name__");
  RemoteAddr file = FindItem(context, dict, "__file__");
  RemoteAddr loader = FindItem(context, dict, "__loader__");
  const RemoteAddr spec = FindItem(context, dict, "__spec__");
  std::string origin;
  if (spec != RemoteAddr{} && !IsNone(context, spec)) {
    name = FindAttribute(context, spec, "name");
    loader = FindAttribute(context, spec, "loader");
    file = {};
    const RemoteAddr where = FindAttribute(context, spec, "origin");
    const RemoteAddr located = FindAttribute(context, spec, "_set_fileattr");
    const bool has_location =
        located != RemoteAddr{} &&
        context.memory
                .Read<uint32_t>(located + context.layout.long_object.ob_digit)
                .value_or(0) != 0;
    if (where != RemoteAddr{} && !IsNone(context, where)) {
      if (has_location) {
        file = where;
      } else {
        origin = ReadShortText(context, where);
      }
    }
  } else if (context.python2() && file == RemoteAddr{}) {
    origin = "built-in";
  }
  context.out.Put("<module ");
  if (name == RemoteAddr{}) {
    context.out.Put("'?'");
  } else {
    WriteRepr(context, name);
  }
  if (file != RemoteAddr{}) {
    context.out.Put(" from ");
    WriteRepr(context, file);
  } else if (!origin.empty()) {
    context.out.Put(" (" + origin + ")");
  } else if (const std::string kind = ImporterKind(context, loader);
             !kind.empty()) {
    context.out.Put(" (" + kind + ")");
  } else if (loader != RemoteAddr{} && !IsNone(context, loader)) {
    context.out.Put(" (");
    WriteRepr(context, loader);
    context.out.Put(")");
  }
  context.out.Put(">");
  return true;
}

bool WriteWeakref(ReprContext& context, const ReprSubject& subject) {
  const RemoteAddr target =
      context.Pointer(subject.address + context.layout.weakref.wr_object);
  context.out.Put("<weakref at ");
  WriteAddress(context, subject.address);
  if (target == RemoteAddr{} || IsNone(context, target)) {
    context.out.Put("; dead>");
    return true;
  }
  const TypeIndex type = context.types.Find(context.TypeOf(target));
  if (type == kNoType) return false;
  context.out.Put("; to '" +
                  (context.layout.internal.weakrefs_show_qualified
                       ? context.types.ReadName(type).value_or("?")
                       : TpName(context, type)) +
                  "' at ");
  WriteAddress(context, target);
  const std::string name = NameOf(context, target);
  if (!name.empty()) context.out.Put(" (" + name + ")");
  context.out.Put(">");
  return true;
}

}  // namespace leak_exporter::cpython
