#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/cpython/layout/layout.h"
#include "metrics/cpython/objects/type_table.h"
#include "metrics/remote/image_memory.h"
#include "metrics/remote/read_cache.h"

namespace leak_exporter::cpython {

/// How a dict keeps what it holds.
enum class DictForm {
  /// Any keys.
  kGeneral,
  /// Keys that are str alone; from 3.11 on such entries are smaller.
  kText,
  /// Keys that instances share, with the values apart. Not in 2.7.
  kSplit,
};

/// A type that C code makes.
struct TypeSpec {
  std::string name;
  uint64_t flags = 0;
  uint64_t basicsize = 0;
  uint64_t itemsize = 0;
  /// NULL: none.
  RemoteAddr base{};
  /// NULL: type.
  RemoteAddr metatype{};
  bool has_traverse = true;
};

/// A class that a class statement makes.
struct ClassSpec {
  std::string name;
  /// NULL: object.
  RemoteAddr base{};
  std::string module = "__main__";
  /// Beside those of the base and Py_TPFLAGS_HEAPTYPE.
  uint64_t flags = 0;
  /// 0: the base's.
  uint64_t basicsize = 0;
  int64_t dictoffset = 0;
  /// Offsets of its __slots__.
  std::vector<uint64_t> slots;
  /// Names in ht_cached_keys: the attributes that its instances have.
  std::vector<std::string> shared_names;
  /// Has a __repr__ of its own.
  bool has_repr = false;
};

/// Lays out Python objects as a version of CPython has them, field by field,
/// for a test to read and to tear. A new object has one reference, and zeros
/// where nothing was put.
class ObjectBuilder {
 public:
  using Items = std::vector<std::pair<RemoteAddr, RemoteAddr>>;

  /// Nothing is ever mapped there.
  static constexpr RemoteAddr kNowhere{0x10};

  explicit ObjectBuilder(const PythonVersion& version,
                         bool free_threaded = false);

  const Layout& layout() const { return layout_; }

  /// Zeros, at a multiple of 16, with room before for what stands in front of
  /// an object.
  RemoteAddr Allocate(uint64_t bytes);
  template <typename T>
  void Put(RemoteAddr address, const T& value) {
    std::memcpy(At(address), &value, sizeof(value));
  }
  void PutText(RemoteAddr address, std::string_view bytes);
  template <typename T>
  T Get(RemoteAddr address) {
    T value;
    std::memcpy(&value, At(address), sizeof(value));
    return value;
  }

  /// A built-in type that this class knows ("int", "str", "dict"…), made when
  /// it is first asked for.
  RemoteAddr Type(const std::string& name);
  RemoteAddr AddType(const TypeSpec& spec);
  RemoteAddr AddClass(const ClassSpec& spec);

  RemoteAddr AddObject(RemoteAddr type, uint64_t bytes = 64);
  RemoteAddr AddNone() { return AddObject(Type("NoneType")); }
  /// An int that is at most one digit; in 2.7 an int, too.
  RemoteAddr AddInt(int32_t value);
  /// Digits in base 2^30, the lowest first; in 2.7 a long.
  RemoteAddr AddInt(bool negative, const std::vector<uint32_t>& digits);
  /// A str, in 2.7 a unicode, in the narrowest form.
  RemoteAddr AddText(const std::u32string& text);
  /// What names are: a str in each version. ASCII.
  RemoteAddr AddName(std::string_view text);
  RemoteAddr AddBytes(std::string_view bytes);
  RemoteAddr AddTuple(const std::vector<RemoteAddr>& items);
  RemoteAddr AddList(const std::vector<RemoteAddr>& items);
  RemoteAddr AddDict(const Items& items, DictForm form = DictForm::kGeneral);
  /// The same in an object that is one already: an instance of a subclass.
  void FillDict(RemoteAddr dict, const Items& items, DictForm form);
  /// A PyDictKeysObject; in a split one the values are left out.
  RemoteAddr AddKeys(const Items& items, DictForm form);
  /// An instance of a class with shared names, which has values for the first
  /// of them, in whichever form the version keeps them. Not in 2.7.
  RemoteAddr AddInstance(RemoteAddr type,
                         const std::vector<RemoteAddr>& values);

  /// All of it; what is behind the last object cannot be read.
  ImageMemory Memory() const;

 private:
  std::byte* At(RemoteAddr address);
  void PutPointers(RemoteAddr address, const std::vector<RemoteAddr>& pointers);
  TypeSpec BuiltinSpec(const std::string& name);
  void FillType(RemoteAddr type, const TypeSpec& spec);
  /// A PyDictValues with values in the order of the keys; from 3.13 on at
  /// `address`.
  RemoteAddr PutValues(RemoteAddr address,
                       const std::vector<RemoteAddr>& values);
  void FillTable(RemoteAddr dict, const Items& items);

  Layout layout_;
  std::vector<std::byte> bytes_;
  std::map<std::string, RemoteAddr> builtins_;
};

/// What was built, to be read.
struct BuiltObjects {
  explicit BuiltObjects(const ObjectBuilder& builder)
      : BuiltObjects(builder, builder.Memory()) {}
  /// The same, with another memory.
  BuiltObjects(const ObjectBuilder& builder, ImageMemory image)
      : layout(builder.layout()), memory(std::move(image)) {}
  BuiltObjects(const BuiltObjects&) = delete;

  const Layout layout;
  const ImageMemory memory;
  TypeTable types{memory, layout};
  ReadCache cache{memory};
};

}  // namespace leak_exporter::cpython
