#include "metrics/cpython/runtime/gc_statistics.h"

#include <string>

#include "metrics/cpython/objects/dict.h"

namespace leak_exporter::cpython {
namespace {

constexpr Offset kGenerations = 3;

Result<GenerationStatistics> ReadRecord(const RemoteMemory& memory,
                                        const Layout& layout,
                                        RemoteAddr record) {
  const auto collections =
      memory.Read<uint64_t>(record + layout.stats.collections);
  if (!collections) return tl::unexpected<Error>(collections.error());
  const auto collected = memory.Read<uint64_t>(record + layout.stats.collected);
  if (!collected) return tl::unexpected<Error>(collected.error());
  const auto uncollectable =
      memory.Read<uint64_t>(record + layout.stats.uncollectable);
  if (!uncollectable) return tl::unexpected<Error>(uncollectable.error());
  return GenerationStatistics{*collections, *collected, *uncollectable};
}

/// Where the ring of a generation is in the struct that 3.15 points to.
struct Ring {
  Offset begin;
  Offset index;
  Offset records;
};

Ring RingOf(const Layout& layout, Offset generation) {
  const auto& s = layout.stats;
  if (generation == 0) return {s.young, s.young_index, s.young_records};
  return {s.old + (generation - 1) * s.old_size, s.old_index, s.old_records};
}

// Each collection fills the next record in the ring of its generation with the
// sums up to now. The index tells the last record.
Result<RemoteAddr> FindLastRecord(const RemoteMemory& memory,
                                  const Layout& layout, RemoteAddr rings,
                                  Offset generation) {
  const Ring ring = RingOf(layout, generation);
  const auto index = memory.Read<int8_t>(rings + ring.begin + ring.index);
  if (!index) return tl::unexpected<Error>(index.error());
  if (*index < 0 || static_cast<Offset>(*index) >= ring.records) {
    return Failure(0, "gc statistics at " + ToString(rings) + ": record " +
                          std::to_string(*index) + " of " +
                          std::to_string(ring.records));
  }
  return rings + ring.begin + static_cast<uint64_t>(*index) * layout.stats.size;
}

}  // namespace

Result<std::optional<std::vector<GenerationStatistics>>> ReadGcStatistics(
    const RemoteMemory& memory, const Layout& layout,
    const Interpreter& interpreter) {
  if (!interpreter.gc.generation_stats || layout.stats.size == kAbsent) {
    return std::optional<std::vector<GenerationStatistics>>();
  }
  RemoteAddr base = *interpreter.gc.generation_stats;
  if (layout.gc.stats_are_rings) {
    const auto rings = memory.ReadPointer(base);
    if (!rings) return tl::unexpected<Error>(rings.error());
    base = *rings;
  }
  std::vector<GenerationStatistics> statistics;
  for (Offset generation = 0; generation < kGenerations; ++generation) {
    RemoteAddr record = base + uint64_t{generation} * layout.stats.size;
    if (layout.gc.stats_are_rings) {
      const auto last = FindLastRecord(memory, layout, base, generation);
      if (!last) return tl::unexpected<Error>(last.error());
      record = *last;
    }
    const auto read = ReadRecord(memory, layout, record);
    if (!read) return tl::unexpected<Error>(read.error());
    statistics.push_back(*read);
  }
  return statistics;
}

Result<std::vector<int32_t>> ReadGcCounts(const RemoteMemory& memory,
                                          const Layout& layout,
                                          const Interpreter& interpreter) {
  std::vector<int32_t> counts;
  for (const RemoteAddr head : interpreter.gc.generations) {
    const auto count = memory.Read<int32_t>(head + layout.generation.count);
    if (!count) return tl::unexpected<Error>(count.error());
    counts.push_back(*count);
  }
  return counts;
}

Result<std::optional<bool>> ReadCollecting(const RemoteMemory& memory,
                                           const Interpreter& interpreter) {
  if (!interpreter.gc.collecting) return std::optional<bool>();
  const auto collecting = memory.Read<int32_t>(*interpreter.gc.collecting);
  if (!collecting) return tl::unexpected<Error>(collecting.error());
  return *collecting != 0;
}

Result<std::optional<uint64_t>> ReadModuleCount(
    const RemoteMemory& memory, const Layout& layout,
    const Interpreter& interpreter) {
  if (interpreter.modules == RemoteAddr{}) return std::optional<uint64_t>();
  const auto length = ReadDictLength(memory, layout, interpreter.modules);
  if (!length) return tl::unexpected<Error>(length.error());
  return *length;
}

}  // namespace leak_exporter::cpython
