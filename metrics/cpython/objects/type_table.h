#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "metrics/cpython/layout/layout.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

/// A type's place in a TypeTable.
using TypeIndex = uint32_t;
/// What is no type.
inline constexpr TypeIndex kNoType = UINT32_MAX;

/// The fields of a PyTypeObject that are used.
struct TypeInfo {
  RemoteAddr address{};
  RemoteAddr metatype{};
  RemoteAddr base{};
  uint64_t flags = 0;
  int64_t basicsize = 0;
  int64_t itemsize = 0;
  int64_t dictoffset = 0;
  int64_t weaklistoffset = 0;
  RemoteAddr tp_name{};
  RemoteAddr tp_dealloc{};
  RemoteAddr tp_repr{};
  RemoteAddr tp_traverse{};
  RemoteAddr tp_dict{};

  bool Has(uint64_t flag) const { return (flags & flag) != 0; }
};

/// The types that a walk has met, each read and judged once. Serves one walk
/// only: before the next, a type may be freed and its memory used again. Not
/// thread-safe.
class TypeTable {
 public:
  /// Bounds for a hostile heap.
  struct Limits {
    size_t types = 16'384;
    /// Addresses that are looked at, types or not.
    size_t probes = 1'000'000;
  };

  /// Both must outlive the table.
  TypeTable(const RemoteMemory& memory, const Layout& layout);
  TypeTable(const RemoteMemory& memory, const Layout& layout, Limits limits);

  /// Finds the type at `address`; kNoType where there is none. A type is what
  /// has `type` or a subclass of it as its own type. Reads remote memory only
  /// the first time that an address is asked for.
  TypeIndex Find(RemoteAddr address) { return FindVerdict(address).index; }

  /// The same for the type of an object that the collector tracks: kNoType also
  /// where it has no Py_TPFLAGS_HAVE_GC.
  TypeIndex FindTracked(RemoteAddr address) {
    const Verdict verdict = FindVerdict(address);
    return verdict.have_gc ? verdict.index : kNoType;
  }

  /// Whether the word at ob_size says how many items an instance has, each of
  /// tp_itemsize. Where it is false, that word may be anything.
  bool CountsItems(TypeIndex index) const { return counts_items_[index] != 0; }

  const TypeInfo& operator[](TypeIndex index) const { return types_[index]; }
  /// All indices are below this number. They stay valid.
  size_t size() const { return types_.size(); }

  /// Reads what type.__repr__ shows between the quotes: "dict",
  /// "app.models.User".
  Result<std::string> ReadName(TypeIndex index);

  /// A limit was reached, and types may have been left out.
  bool truncated() const { return truncated_; }
  const Layout& layout() const { return layout_; }
  const RemoteMemory& memory() const { return memory_; }

 private:
  struct Verdict {
    TypeIndex index = kNoType;
    bool have_gc = false;
  };
  /// One line of a direct-mapped cache in front of the hash table.
  struct Slot {
    RemoteAddr address{};
    Verdict verdict;
  };
  static constexpr unsigned kSlotBits = 14;

  static size_t SlotOf(RemoteAddr address) {
    return static_cast<size_t>((Value(address) >> 3) * 0x9E3779B97F4A7C15U >>
                               (64 - kSlotBits));
  }
  Verdict FindVerdict(RemoteAddr address) {
    const Slot& slot = slots_[SlotOf(address)];
    if (slot.address == address) return slot.verdict;
    return FindSlow(address);
  }
  Verdict FindSlow(RemoteAddr address);
  /// Reads what is at an address and decides whether it is a type, by at most
  /// `depth` metatypes.
  TypeIndex Judge(RemoteAddr address, int depth);
  bool IsMetatype(const TypeInfo& info, int depth);
  Result<RemoteAddr> FindModuleName(const TypeInfo& type);
  bool IsText(RemoteAddr object);

  const RemoteMemory& memory_;
  const Layout& layout_;
  Limits limits_;
  std::vector<TypeInfo> types_;
  /// By index; apart from the rest, as each object of a walk asks for it.
  std::vector<uint8_t> counts_items_;
  std::unordered_map<RemoteAddr, Verdict> verdicts_;
  std::vector<Slot> slots_;
  /// The interned "__module__", once it has been met.
  RemoteAddr module_key_{};
  size_t probes_ = 0;
  bool truncated_ = false;
};

}  // namespace leak_exporter::cpython
