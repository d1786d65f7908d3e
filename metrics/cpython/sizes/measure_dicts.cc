#include <array>

#include "metrics/cpython/objects/dict.h"
#include "metrics/cpython/sizes/object_measure.h"

namespace leak_exporter::cpython {
namespace {

constexpr uint64_t kWordBytes = 8;
/// More bases than this are a loop.
constexpr int kMaxBases = 200;
/// 2.7: sizeof(PyDictEntry)
constexpr uint64_t kOpenTableEntryBytes = 24;

/// 2.7: a table of entries, in the dict while it is small.
void MeasureOpenTable(const Layout& layout, const ObjectView& object,
                      ObjectMeasure& measure) {
  measure.references += 2 * object.Word(layout.dict.ma_used);
  if (object.Pointer(layout.dict.ma_table) !=
      object.address() + layout.dict.ma_smalltable)
    measure.bytes +=
        kOpenTableEntryBytes * (object.Word(layout.dict.ma_mask) + 1);
}

/// dict_traverse leaves the keys out where all of them are str.
bool VisitsKeys(const MeasureContext& context,
                std::span<const std::byte> header) {
  const auto& keys = context.layout.dict_keys;
  if (keys.dk_kind != kAbsent) return Load<uint8_t>(header, keys.dk_kind) == 0;
  return Load<RemoteAddr>(header, keys.dk_lookup) == context.general_lookup;
}

/// The values are in the instance, and count as its references.
bool AreTheInstances(const MeasureContext& context, RemoteAddr values) {
  if (!context.layout.internal.instance_visits_embedded_values) return false;
  return context.memory
             .Read<uint8_t>(values + context.layout.dict_values.embedded)
             .value_or(0) != 0;
}

/// How many values a table that instances share has room for.
uint64_t ValueSlots(const Layout& layout, std::span<const std::byte> header,
                    const DictKeys& keys) {
  if (layout.dict_scheme == DictScheme::kLogKeys)
    return Load<uint64_t>(header, layout.dict_keys.dk_nentries) +
           Load<uint64_t>(header, layout.dict_keys.dk_usable);
  return (keys.bytes - keys.entries_offset) / keys.entry_size;
}

}  // namespace

RemoteAddr FindGeneralLookup(TypeTable& types, TypeIndex type) {
  const Layout& layout = types.layout();
  if (layout.dict_keys.dk_lookup == kAbsent) return {};
  for (int i = 0; i < kMaxBases && type != kNoType; ++i) {
    const TypeInfo& info = types[type];
    if (info.base != RemoteAddr{}) {
      type = types.Find(info.base);
      continue;
    }
    const RemoteMemory& memory = types.memory();
    const auto dict =
        memory.ReadPointer(info.address + layout.type.tp_subclasses);
    if (!dict) return {};
    const auto keys = memory.ReadPointer(*dict + layout.dict.ma_keys);
    if (!keys) return {};
    return memory.ReadPointer(*keys + layout.dict_keys.dk_lookup)
        .value_or(RemoteAddr{});
  }
  return {};
}

void MeasureDict(const MeasureContext& context, const TypeShape& shape,
                 const ObjectView& object, OutOfLinePart& out_of_line,
                 ObjectMeasure& measure) {
  const Layout& layout = context.layout;
  if (layout.dict_scheme == DictScheme::kOpenTable)
    return MeasureOpenTable(layout, object, measure);
  out_of_line.range =
      RangeAt(object.Pointer(layout.dict.ma_keys), DictKeys::kHeaderBytes);
  out_of_line.dict = true;
  out_of_line.used = object.Word(layout.dict.ma_used);
  out_of_line.values = object.Pointer(layout.dict.ma_values);
  if (shape.kind == ObjectKind::kOrderedDict) {
    const auto& ordered = context.layout.internal.ordered_dict;
    measure.references += out_of_line.used;
    measure.bytes += kWordBytes * object.Word(ordered.od_fast_nodes_size) +
                     ordered.node_bytes * out_of_line.used;
  }
}

void MeasureDictKeys(const MeasureContext& context,
                     const OutOfLinePart& out_of_line, ObjectMeasure& measure) {
  std::array<std::byte, DictKeys::kHeaderBytes> header{};
  if (!context.memory.ReadExact(out_of_line.range.begin, header)) return;
  const auto keys = DictKeys::Parse(context.layout, header);
  if (!keys) return;
  const bool shared = out_of_line.values != RemoteAddr{};
  if (shared)
    measure.bytes += kWordBytes * ValueSlots(context.layout, header, *keys);
  if (keys->refcnt == 1) measure.bytes += keys->bytes;
  if (!shared || !AreTheInstances(context, out_of_line.values))
    measure.references +=
        VisitsKeys(context, header) ? 2 * out_of_line.used : out_of_line.used;
}

}  // namespace leak_exporter::cpython
