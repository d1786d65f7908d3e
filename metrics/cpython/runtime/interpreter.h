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

/// Where an interpreter's collector keeps its state. A field is absent where
/// the version does not have it, or where only a symbol table tells and the
/// binary is stripped.
struct GcState {
  /// PyGC_Head of generations 0 to 2; empty in free-threaded builds.
  std::vector<RemoteAddr> generations;
  std::optional<RemoteAddr> permanent_generation;
  /// The first generation's statistics, or what 3.15 has in their place.
  std::optional<RemoteAddr> generation_stats;
  std::optional<RemoteAddr> collecting;
};

/// An interpreter. A process has a main one, and may have sub-interpreters.
struct Interpreter {
  /// Address of the PyInterpreterState; 0 where it was not found (before 3.7).
  RemoteAddr address{};
  std::optional<int64_t> id;
  /// Address of the dict sys.modules; 0 where the state was not found.
  RemoteAddr modules{};
  GcState gc;
  /// Address of pymalloc's state, since 3.12. Several interpreters may share
  /// one.
  std::optional<RemoteAddr> obmalloc;
};

/// Addresses of pymalloc's variables, which versions before 3.12 have.
struct ArenaSymbols {
  RemoteAddr arenas{};
  RemoteAddr max_arenas{};
};

/// A CPython within a process, found and understood.
struct PythonRuntime {
  Layout layout;
  /// The program or library that holds it, as in /proc/PID/maps.
  std::string binary;
  /// Where the binary's first byte is mapped.
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
