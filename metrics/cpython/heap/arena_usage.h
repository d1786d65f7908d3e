#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "metrics/cpython/heap/heap_visitor.h"
#include "metrics/cpython/layout/layout.h"
#include "metrics/cpython/runtime/interpreter.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

/// An arena of pymalloc: a large piece of memory that it cuts into pools, each
/// of blocks of one size.
struct Arena {
  RemoteAddr begin{};
  /// End of the last pool that was ever used.
  RemoteAddr used_end{};
};

/// Reads all arenas of a process, in ascending order. Absent where pymalloc's
/// state was not found. Empty where pymalloc is not in use
/// (PYTHONMALLOC=malloc, free-threaded builds).
Result<std::optional<std::vector<Arena>>> ReadArenas(
    const RemoteMemory& memory, const PythonRuntime& runtime);

/// Adds up the blocks that are in use. It looks at the headers of pools as a
/// walk passes them, and reads no memory of its own.
class ArenaMeter final : public HeapVisitor {
 public:
  /// `arenas` are in ascending order. `layout` must outlive the meter.
  ArenaMeter(const Layout& layout, std::vector<Arena> arenas);

  void Visit(const HeapBlock& block, TypeTable& types) override;

  /// How much memory pymalloc has from the system.
  uint64_t arena_bytes() const;
  /// How much memory the program has from pymalloc; known after the walk.
  uint64_t used_bytes() const { return used_bytes_; }

 private:
  uint64_t UsedBytes(std::span<const std::byte> header) const;

  const Layout& layout_;
  std::vector<Arena> arenas_;
  /// The first arena that the walk has not passed, and the next pool in it.
  size_t arena_ = 0;
  RemoteAddr next_pool_{};
  uint64_t used_bytes_ = 0;
};

}  // namespace leak_exporter::cpython
