#pragma once

#include <cstdint>
#include <string_view>

namespace leak_exporter::cpython {

/// What measuring an instance looks at beyond its words.
enum class ObjectKind : uint8_t {
  /// Nothing.
  kPlain,
  kTuple,
  kStructSequence,
  kList,
  kSet,
  kDict,
  kOrderedDict,
  kDeque,
  kType,
  kModule,
  kFrame,
  kGenerator,
  kLruCache,
  kTeeData,
  kHamtNode,
  kElement,
  kSimpleQueue,
  kBuffered,
  kBytesIo,
  kStruct,
  kArray,
  kDecimal,
  kNdArray,
  /// itertools' iterators with an array of indices.
  kProduct,
  kCombinations,
  kPermutations,
  /// Built-in types that the collector does not track, and their subclasses.
  kLong,
  kText,
  kByteArray,
};

/// The kind of a C type by its tp_name. kPlain if the type needs no reading of
/// its own.
ObjectKind KindOf(std::string_view tp_name);

/// Whether types of this kind have a __sizeof__ that needs more than the
/// instance's words, and not only a tp_traverse that does.
bool HasSizeofOfItsOwn(ObjectKind kind);

}  // namespace leak_exporter::cpython
