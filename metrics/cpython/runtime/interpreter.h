#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metrics/base/result.h"
#include "metrics/cpython/layout/layout.h"
#include "metrics/remote/address_range.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

/// Where an interpreter's collector keeps its state. Absent is what a version
/// does not have, or what only a symbol table tells that was stripped.
struct GcState {
  /// PyGC_Head of generations 0 to 2; empty in free-threaded builds.
  std::vector<RemoteAddr> generations;
  std::optional<RemoteAddr> permanent_generation;
  /// The first generation's statistics, or what 3.15 has in their place.
  std::optional<RemoteAddr> generation_stats;
  std::optional<RemoteAddr> collecting;
};

/// One interpreter: a process has a main one and perhaps sub-interpreters.
struct Interpreter {
  /// PyInterpreterState; 0 where a version before 3.7 does not tell.
  RemoteAddr address{};
  std::optional<int64_t> id;
  /// The dict sys.modules; 0 as above.
  RemoteAddr modules{};
  GcState gc;
  /// pymalloc's state from 3.12 on; several interpreters may share one.
  std::optional<RemoteAddr> obmalloc;
};

/// pymalloc's own variables before 3.12, where the symbol table has them.
struct ArenaSymbols {
  RemoteAddr arenas{};
  RemoteAddr max_arenas{};
};

/// A CPython within a process, found and understood.
struct PythonRuntime {
  Layout layout;
  /// The program or library that holds it, as in /proc/PID/maps.
  std::string binary;
  /// Where that is mapped, to tell whether it still is.
  AddressRange mapping;
  std::vector<Interpreter> interpreters;
  std::optional<ArenaSymbols> arenas;
};

/// Reads all interpreters of a CPython that has a _PyRuntime (3.7 on). An error
/// where none is there yet, where their number or their collectors' lists make
/// no sense, or where they cannot be read.
Result<std::vector<Interpreter>> ReadInterpreters(const RemoteMemory& memory,
                                                  const Layout& layout,
                                                  RemoteAddr runtime);

/// Reads the interpreter of a CPython before 3.7, whose collector's state is in
/// variables: `generations` is the first of its lists. `address` is 0 where its
/// PyInterpreterState was not found. What only symbols tell is left out.
Result<Interpreter> ReadInterpreterBefore37(const RemoteMemory& memory,
                                            const Layout& layout,
                                            RemoteAddr generations,
                                            RemoteAddr address);

/// sys.hexversion of an interpreter, by the layout that it may have. An error
/// where it has another one.
Result<uint64_t> ReadHexVersion(const RemoteMemory& memory,
                                const Layout& layout, RemoteAddr interpreter);

}  // namespace leak_exporter::cpython
