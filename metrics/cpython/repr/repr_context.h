#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/base/utf8.h"
#include "metrics/cpython/layout/layout.h"
#include "metrics/cpython/objects/type_table.h"
#include "metrics/cpython/objects/unicode.h"
#include "metrics/remote/read_cache.h"

namespace leak_exporter::cpython {

/// Text of a limited number of characters. Writers stop when it is full, which
/// bounds the rendering of an endless object.
class BoundedText {
 public:
  explicit BoundedText(size_t limit) : left_(limit) {}

  bool full() const { return left_ == 0; }
  void Put(uint32_t code_point) {
    if (left_ == 0) return;
    --left_;
    AppendUtf8(text_, code_point);
  }
  /// ASCII, or UTF-8 whose characters count one each.
  void Put(std::string_view text) {
    for (const char c : text) {
      const bool starts = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
      if (starts && left_ == 0) return;
      if (starts) --left_;
      text_.push_back(c);
    }
  }
  std::string Take() { return std::move(text_); }

 private:
  size_t left_;
  std::string text_;
};

/// What rendering needs. Each function below writes one kind of object. It
/// returns false where the object makes no sense: the caller then shows it like
/// an object of any class.
struct ReprContext {
  TypeTable& types;
  ReadCache& memory;
  const Layout& layout;
  BoundedText out;
  /// The objects that are being rendered, the outermost first.
  std::vector<RemoteAddr> active;

  RemoteAddr Pointer(RemoteAddr address) {
    return memory.Read<RemoteAddr>(address).value_or(RemoteAddr{});
  }
  RemoteAddr TypeOf(RemoteAddr object) {
    return Pointer(object + layout.object.ob_type);
  }
  /// Whether the object is already being rendered further out. It is then shown
  /// as dots.
  bool IsRecursive(RemoteAddr object) const {
    return std::count(active.begin(), active.end(), object) > 1;
  }
  bool python2() const { return layout.python2; }
};

/// An object and its type, with the C type that lays it out.
struct ReprSubject {
  RemoteAddr address{};
  TypeIndex type = kNoType;
  TypeInfo native;
  /// The native type's tp_name.
  std::string native_name;
};

/// Writes any object, or NULL.
void WriteRepr(ReprContext& context, RemoteAddr object);
/// Writes `<module.Class object at 0x…>`.
void WritePlainObject(ReprContext& context, const ReprSubject& subject);
void WriteAddress(ReprContext& context, RemoteAddr address);

// repr_text.cc
bool WriteText(ReprContext& context, const ReprSubject& subject);
bool WriteBytes(ReprContext& context, const ReprSubject& subject);
bool WriteByteArray(ReprContext& context, const ReprSubject& subject);
/// The characters of a str as they are, without quotes.
bool WriteRawText(ReprContext& context, RemoteAddr text);

// repr_numbers.cc
bool WriteLong(ReprContext& context, const ReprSubject& subject);
bool WriteInt2(ReprContext& context, const ReprSubject& subject);
bool WriteBool(ReprContext& context, const ReprSubject& subject);
bool WriteFloat(ReprContext& context, const ReprSubject& subject);
bool WriteComplex(ReprContext& context, const ReprSubject& subject);
bool WriteRange(ReprContext& context, const ReprSubject& subject);
bool WriteSlice(ReprContext& context, const ReprSubject& subject);

// repr_containers.cc
bool WriteList(ReprContext& context, const ReprSubject& subject);
bool WriteTuple(ReprContext& context, const ReprSubject& subject);
bool WriteSet(ReprContext& context, const ReprSubject& subject);
bool WriteDict(ReprContext& context, const ReprSubject& subject);
bool WriteDeque(ReprContext& context, const ReprSubject& subject);
bool WriteOrderedDict(ReprContext& context, const ReprSubject& subject);
bool WriteDefaultDict(ReprContext& context, const ReprSubject& subject);
bool WriteMappingProxy(ReprContext& context, const ReprSubject& subject);
bool WriteNamedTuple(ReprContext& context, const ReprSubject& subject);

// repr_code.cc
bool WriteFunction(ReprContext& context, const ReprSubject& subject);
bool WriteMethod(ReprContext& context, const ReprSubject& subject);
bool WriteBuiltin(ReprContext& context, const ReprSubject& subject);
bool WriteDescriptor(ReprContext& context, const ReprSubject& subject);
bool WriteGenerator(ReprContext& context, const ReprSubject& subject);
bool WriteCode(ReprContext& context, const ReprSubject& subject);
bool WriteCell(ReprContext& context, const ReprSubject& subject);
bool WriteType(ReprContext& context, const ReprSubject& subject);
/// 2.7's old-style classes and their instances.
bool WriteOldClass(ReprContext& context, const ReprSubject& subject);
bool WriteOldInstance(ReprContext& context, const ReprSubject& subject);
bool WriteModule(ReprContext& context, const ReprSubject& subject);
bool WriteWeakref(ReprContext& context, const ReprSubject& subject);

// repr_io.cc
bool WriteFileIo(ReprContext& context, const ReprSubject& subject);
bool WriteBuffered(ReprContext& context, const ReprSubject& subject);
bool WriteTextIo(ReprContext& context, const ReprSubject& subject);

// repr_library.cc
bool WriteException(ReprContext& context, const ReprSubject& subject);
bool WritePartial(ReprContext& context, const ReprSubject& subject);
bool WriteNamespace(ReprContext& context, const ReprSubject& subject);
bool WriteMemoryView(ReprContext& context, const ReprSubject& subject);
bool WriteMethodWrapper(ReprContext& context, const ReprSubject& subject);
bool WriteClassMethod(ReprContext& context, const ReprSubject& subject);
bool WriteStructSequence(ReprContext& context, const ReprSubject& subject);

// Used by several of these files.
/// The name of a class without its module: what _PyType_Name() gives.
std::string ShortName(ReprContext& context, TypeIndex type);
std::string TpName(ReprContext& context, TypeIndex type);
/// Finds an attribute that an instance itself has, in whichever form; 0 where
/// there is none.
RemoteAddr FindAttribute(ReprContext& context, RemoteAddr object,
                         std::string_view name);
/// Finds the value of a key that is a str; 0 where there is none.
RemoteAddr FindItem(ReprContext& context, RemoteAddr dict,
                    std::string_view key);
/// Reads a str of at most 64 kB; empty where the object is no str.
std::string ReadShortText(ReprContext& context, RemoteAddr text);
bool IsNone(ReprContext& context, RemoteAddr object);

}  // namespace leak_exporter::cpython
