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
  /// Behind the last pool that was ever used.
  RemoteAddr used_end{};
};

/// All arenas of a process, ascending. Absent where pymalloc's state was not
/// found; empty where it is not in use (PYTHONMALLOC=malloc, free-threaded
/// builds).
Result<std::optional<std::vector<Arena>>> ReadArenas(
    const RemoteMemory& memory, const PythonRuntime& runtime);

/// Adds up the blocks in use, from the pools' headers as a walk passes them: no
/// memory is read for it.
class ArenaMeter final : public HeapVisitor {
 public:
  /// `arenas` ascending; `layout` must outlive the meter.
  ArenaMeter(const Layout& layout, std::vector<Arena> arenas);

  void Visit(const HeapBlock& block, TypeTable& types) override;

  /// What pymalloc has of the system.
  uint64_t arena_bytes() const;
  /// What the program has of pymalloc, after the walk.
  uint64_t used_bytes() const { return used_bytes_; }

 private:
  uint64_t UsedBytes(std::span<const std::byte> header) const;

  const Layout& layout_;
  std::vector<Arena> arenas_;
  /// The first that the walk has not passed, and where in it to go on.
  size_t arena_ = 0;
  RemoteAddr next_pool_{};
  uint64_t used_bytes_ = 0;
};

}  // namespace leak_exporter::cpython
