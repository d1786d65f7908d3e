#include "metrics/cpython/heap/arena_usage.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <string>

namespace leak_exporter::cpython {
namespace {

// So many arenas are 64 GB of small objects, or 256 GB since 3.10. Each takes
// 16 bytes.
constexpr uint32_t kMaxArenas = 1 << 18;
constexpr size_t kEntriesAtOnce = 1024;

RemoteAddr RoundUp(RemoteAddr address, uint64_t multiple) {
  return RemoteAddr{(Value(address) + multiple - 1) / multiple * multiple};
}

Result<void> AppendArenas(const RemoteMemory& memory, const Layout& layout,
                          RemoteAddr table_pointer, RemoteAddr count_address,
                          std::vector<Arena>& arenas) {
  const auto table = memory.ReadPointer(table_pointer);
  if (!table) return tl::unexpected<Error>(table.error());
  const auto count = memory.Read<uint32_t>(count_address);
  if (!count) return tl::unexpected<Error>(count.error());
  if (*table == RemoteAddr{} || *count == 0) return {};
  if (*count > kMaxArenas) {
    return Failure(EFBIG, "pymalloc at " + ToString(table_pointer) + ": " +
                              std::to_string(*count) + " arenas");
  }
  const auto& fields = layout.arena;
  std::vector<std::byte> entries(kEntriesAtOnce * fields.size);
  for (uint32_t i = 0; i < *count; i += kEntriesAtOnce) {
    entries.resize(std::min<size_t>(kEntriesAtOnce, *count - i) * fields.size);
    auto read = memory.ReadExact(*table + uint64_t{i} * fields.size, entries);
    if (!read) return read;
    for (size_t at = 0; at < entries.size(); at += fields.size) {
      // 0 means that no memory belongs to this entry.
      const auto address = Load<RemoteAddr>(entries, at + fields.address);
      if (address == RemoteAddr{}) continue;
      const auto pools = Load<RemoteAddr>(entries, at + fields.pool_address);
      const RemoteAddr end = address + fields.bytes;
      arenas.push_back({address, std::clamp(pools, address, end)});
    }
  }
  return {};
}

}  // namespace

Result<std::optional<std::vector<Arena>>> ReadArenas(
    const RemoteMemory& memory, const PythonRuntime& runtime) {
  std::vector<Arena> arenas;
  const Layout& layout = runtime.layout;
  bool found = false;
  if (runtime.arenas) {
    found = true;
    auto appended = AppendArenas(memory, layout, runtime.arenas->arenas,
                                 runtime.arenas->max_arenas, arenas);
    if (!appended) return tl::unexpected<Error>(appended.error());
  }
  std::set<RemoteAddr> states;
  for (const Interpreter& interpreter : runtime.interpreters) {
    if (!interpreter.obmalloc || !states.insert(*interpreter.obmalloc).second) {
      continue;
    }
    found = true;
    auto appended = AppendArenas(
        memory, layout, *interpreter.obmalloc + layout.obmalloc.arenas,
        *interpreter.obmalloc + layout.obmalloc.max_arenas, arenas);
    if (!appended) return tl::unexpected<Error>(appended.error());
  }
  if (!found) return std::optional<std::vector<Arena>>();
  std::sort(arenas.begin(), arenas.end(),
            [](const Arena& a, const Arena& b) { return a.begin < b.begin; });
  return arenas;
}

ArenaMeter::ArenaMeter(const Layout& layout, std::vector<Arena> arenas)
    : layout_(layout), arenas_(std::move(arenas)) {
  if (!arenas_.empty()) {
    next_pool_ = RoundUp(arenas_.front().begin, layout_.pool.size);
  }
}

uint64_t ArenaMeter::arena_bytes() const {
  return arenas_.size() * uint64_t{layout_.arena.bytes};
}

uint64_t ArenaMeter::UsedBytes(std::span<const std::byte> header) const {
  const auto count = Load<uint32_t>(header, layout_.pool.count);
  const auto max_next_offset =
      Load<uint32_t>(header, layout_.pool.max_next_offset);
  if (max_next_offset > layout_.pool.size) return 0;
  const uint64_t used = uint64_t{count} * (layout_.pool.size - max_next_offset);
  // More than the pool can hold: it was never cut into blocks, or is being
  // changed.
  return used <= layout_.pool.size ? used : 0;
}

void ArenaMeter::Visit(const HeapBlock& block, TypeTable&) {
  const RemoteAddr end = block.begin + block.bytes.size();
  while (arena_ < arenas_.size() && next_pool_ < end) {
    if (next_pool_ >= arenas_[arena_].used_end) {
      if (++arena_ < arenas_.size()) {
        next_pool_ = RoundUp(arenas_[arena_].begin, layout_.pool.size);
      }
      continue;
    }
    const auto header = block.Find(next_pool_, layout_.pool.header_size);
    if (!header.empty()) {
      used_bytes_ += UsedBytes(header);
    } else if (next_pool_ >= block.begin) {
      return;  // The rest of it comes with the next block.
    }
    next_pool_ = next_pool_ + layout_.pool.size;
  }
}

}  // namespace leak_exporter::cpython
