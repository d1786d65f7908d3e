#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metrics/cpython/layout.h"
#include "metrics/cpython/remote_memory.h"

namespace leak_exporter::cpython {

/// A type's place in a TypeTable.
using TypeIndex = uint32_t;

/// What is kept of a PyTypeObject.
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

/// The types that a walk has met, each read and judged once. For one walk only:
/// a type may be freed and its memory reused before the next. Not thread-safe.
class TypeTable {
 public:
  /// What bounds a hostile heap.
  struct Limits {
    size_t types = 200'000;
    /// Addresses looked at, types or not.
    size_t probes = 1'000'000;
  };

  /// Both must outlive the table.
  TypeTable(const RemoteMemory& memory, const Layout& layout)
      : TypeTable(memory, layout, Limits{}) {}
  TypeTable(const RemoteMemory& memory, const Layout& layout, Limits limits);

  /// The type at `address`; absent where there is none: a type's own type is
  /// `type` or a subclass of it. Reads remote memory only the first time that
  /// an address is asked for (what is no type is remembered for a while).
  std::optional<TypeIndex> Find(RemoteAddr address) {
    const Slot& slot = slots_[SlotOf(address)];
    if (slot.address == address) return slot.index;
    return FindSlow(address);
  }

  const TypeInfo& operator[](TypeIndex index) const { return types_[index]; }
  /// Indices are below it, and stay valid.
  size_t size() const { return types_.size(); }

  /// What repr(type) shows between the quotes: "dict", "app.models.User".
  /// Bytes that are not UTF-8 are kept as they are. Read each time.
  Result<std::string> ReadName(TypeIndex index) const;

  /// A limit was reached, and types were left out.
  bool truncated() const { return truncated_; }
  const Layout& layout() const { return layout_; }
  const RemoteMemory& memory() const { return memory_; }

 private:
  struct Slot {
    RemoteAddr address{};
    TypeIndex index = 0;
  };

  size_t SlotOf(RemoteAddr address) const {
    return static_cast<size_t>((Value(address) >> 4) * 0x9E3779B97F4A7C15U >>
                               slot_shift_);
  }
  std::optional<TypeIndex> FindSlow(RemoteAddr address);

  const RemoteMemory& memory_;
  const Layout& layout_;
  Limits limits_;
  std::vector<TypeInfo> types_;
  std::vector<Slot> slots_;
  unsigned slot_shift_ = 0;
  size_t probes_ = 0;
  bool truncated_ = false;
};

}  // namespace leak_exporter::cpython
