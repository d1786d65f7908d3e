#include "metrics/cpython/objects/object_kind.h"

#include <algorithm>
#include <iterator>

namespace leak_exporter::cpython {
namespace {

struct NamedKind {
  std::string_view tp_name;
  ObjectKind kind;
};

/// C types whose tp_traverse or __sizeof__ needs more than the instance's
/// words.
constexpr NamedKind kKinds[] = {
    {"_collections.deque", ObjectKind::kDeque},
    {"_io.BufferedRandom", ObjectKind::kBuffered},
    {"_io.BufferedReader", ObjectKind::kBuffered},
    {"_io.BufferedWriter", ObjectKind::kBuffered},
    {"_io.BytesIO", ObjectKind::kBytesIo},
    {"_queue.SimpleQueue", ObjectKind::kSimpleQueue},
    {"_struct.Struct", ObjectKind::kStruct},
    {"Struct", ObjectKind::kStruct},
    {"array.array", ObjectKind::kArray},
    {"async_generator", ObjectKind::kGenerator},
    {"bytearray", ObjectKind::kByteArray},
    {"collections.OrderedDict", ObjectKind::kOrderedDict},
    {"collections.defaultdict", ObjectKind::kDict},
    {"collections.deque", ObjectKind::kDeque},
    {"coroutine", ObjectKind::kGenerator},
    {"decimal.Decimal", ObjectKind::kDecimal},
    {"dict", ObjectKind::kDict},
    {"frame", ObjectKind::kFrame},
    {"frozendict", ObjectKind::kDict},
    {"frozenset", ObjectKind::kSet},
    {"functools._lru_cache_wrapper", ObjectKind::kLruCache},
    {"generator", ObjectKind::kGenerator},
    {"hamt_bitmap_node", ObjectKind::kHamtNode},
    {"hamt_collision_node", ObjectKind::kHamtNode},
    {"int", ObjectKind::kLong},
    {"itertools._tee_dataobject", ObjectKind::kTeeData},
    {"itertools.combinations", ObjectKind::kCombinations},
    {"itertools.combinations_with_replacement", ObjectKind::kCombinations},
    {"itertools.permutations", ObjectKind::kPermutations},
    {"itertools.product", ObjectKind::kProduct},
    {"itertools.tee_dataobject", ObjectKind::kTeeData},
    {"list", ObjectKind::kList},
    {"long", ObjectKind::kLong},
    {"module", ObjectKind::kModule},
    {"numpy.ndarray", ObjectKind::kNdArray},
    {"set", ObjectKind::kSet},
    {"str", ObjectKind::kText},
    {"tuple", ObjectKind::kTuple},
    {"type", ObjectKind::kType},
    {"unicode", ObjectKind::kText},
    {"xml.etree.ElementTree.Element", ObjectKind::kElement},
};

}  // namespace

ObjectKind KindOf(std::string_view tp_name) {
  const auto* found = std::find_if(
      std::begin(kKinds), std::end(kKinds),
      [&](const NamedKind& kind) { return kind.tp_name == tp_name; });
  return found == std::end(kKinds) ? ObjectKind::kPlain : found->kind;
}

bool HasSizeofOfItsOwn(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kPlain:
    case ObjectKind::kTuple:
    case ObjectKind::kStructSequence:
    case ObjectKind::kModule:
    case ObjectKind::kGenerator:
    case ObjectKind::kLruCache:
    case ObjectKind::kTeeData:
    case ObjectKind::kHamtNode:
      return false;
    default:
      return true;
  }
}

}  // namespace leak_exporter::cpython
