#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "metrics/cpython/layout/layout.h"
#include "metrics/cpython/objects/object_kind.h"
#include "metrics/cpython/objects/type_table.h"
#include "metrics/remote/read_cache.h"

namespace leak_exporter::cpython {

/// How the instances of a type are measured. This is decided once for each
/// type, so that each instance costs a few loads.
struct TypeShape {
  ObjectKind kind = ObjectKind::kPlain;
  /// Where instances keep attributes outside of their words.
  ManagedDict attributes = ManagedDict::kNone;
  /// Attributes may stand behind the instance (3.13 on).
  bool inline_values = false;
  /// It is known what tp_traverse does.
  bool references_known = true;
  /// It is known what sys.getsizeof() says.
  bool bytes_known = true;
  /// tp_basicsize (or what __sizeof__ takes in its place) and what stands
  /// before the object.
  uint64_t fixed_bytes = 0;
  /// tp_itemsize, where __sizeof__ counts items.
  uint64_t item_bytes = 0;
  int64_t basicsize = 0;
  /// References that every instance has: its type.
  uint32_t fixed_references = 0;
  /// Words that hold a reference or NULL: bit n is the one at 8 * n.
  uint64_t words = 0;
  /// Offsets of further such words, which are beyond the mask.
  std::vector<Offset> out_of_mask_words;
  /// Where a variable-sized instance has its dict, counted from its end.
  std::optional<int64_t> dict_from_end;
  /// 3.11 and 3.12: how many attribute values an instance may have.
  uint32_t shared_keys = 0;
  /// n_fields of a structseq.
  uint32_t real_fields = 0;

  void AddWord(uint64_t offset) {
    if (offset % 8 == 0 && offset / 8 < 64) {
      words |= uint64_t{1} << offset / 8;
    } else {
      out_of_mask_words.push_back(static_cast<Offset>(offset));
    }
  }
};

/// The shapes of the types of a TypeTable, each made when it is first asked
/// for. Serves one walk, like the table. Not thread-safe.
class TypeShapes {
 public:
  /// Both must outlive this object.
  TypeShapes(TypeTable& types, ReadCache& memory);

  const TypeShape& operator[](TypeIndex type) {
    if (type < shapes_.size() && shapes_[type]) return *shapes_[type];
    return Make(type);
  }

 private:
  const TypeShape& Make(TypeIndex type);
  /// Returns the nearest base that C code made, and adds what subtype_traverse
  /// visits for the classes on the way there.
  TypeInfo Descend(const TypeInfo& type, TypeShape& shape);
  void AddSlots(const TypeInfo& type, TypeShape& shape);
  void AddDict(const TypeInfo& type, const TypeInfo& native, TypeShape& shape);
  void AddNative(const TypeInfo& type, TypeInfo native, TypeShape& shape);
  void SetBytes(const TypeInfo& type, TypeShape& shape);
  /// Whether __sizeof__ is one that is known: that of object, or of the kind
  /// that its instances are measured as.
  bool HasKnownSize(const TypeInfo& type, ObjectKind kind);
  bool IsCLong(ObjectKind kind) const;
  bool HasOwnSizeof(const TypeInfo& type);
  bool IsSizeofKey(RemoteAddr key);
  /// Adds what a kind needs besides the words of FindTraverseMask().
  void AddKind(const TypeInfo& native, std::string_view name, TypeShape& shape);
  void AddTypeWords(TypeShape& shape);
  /// The words of a type whose tp_traverse follows a pointer only to decide
  /// which words it visits.
  std::optional<uint64_t> ChosenWords(std::string_view name) const;
  /// n_fields of a structseq.
  uint32_t ReadRealFields(const TypeInfo& type);
  std::string ReadTypeName(const TypeInfo& type);
  std::optional<uint64_t> ReadIntegerOfDict(const TypeInfo& type,
                                            std::string_view key);

  TypeTable& types_;
  ReadCache& memory_;
  const Layout& layout_;
  const InternalLayout& internal_;
  std::vector<std::optional<TypeShape>> shapes_;
  /// Types that were asked whether they have a __sizeof__ of their own, and the
  /// keys of their dicts.
  std::unordered_map<RemoteAddr, bool> own_sizeof_;
  std::unordered_map<RemoteAddr, bool> sizeof_keys_;
};

}  // namespace leak_exporter::cpython
