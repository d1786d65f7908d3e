#include "metrics/cpython/runtime/find_python.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/cpython/layout/debug_offsets.h"
#include "metrics/cpython/runtime/python_binary.h"

namespace leak_exporter::cpython {
namespace {

// Files of a process that may hold a CPython. Real ones have a few.
constexpr size_t kMostCandidates = 256;

// Puts the name of the binary before a reason. An error of the system already
// has a place.
tl::unexpected<Error> Located(const PythonBinary& binary, Error error) {
  if (error.code == 0 || error.code == ENOTSUP || error.code == EAGAIN)
    error.message.insert(0, std::string(binary.path()) + ": ");
  return tl::unexpected<Error>(std::move(error));
}

tl::unexpected<Error> Because(const PythonBinary& binary,
                              const std::string& why) {
  return Located(binary, {ENOTSUP, why});
}

bool NamesPython(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name.find("python") != std::string_view::npos;
}

Result<void> RefuseDebugBuilds(const PythonBinary& binary) {
  // Exported only where Py_REF_DEBUG changes what objects look like.
  for (const std::string_view name :
       {"_Py_NegativeRefcount", "_Py_AddToAllObjects"}) {
    const auto symbol = binary.FindDynamic(name);
    if (!symbol) return tl::unexpected<Error>(symbol.error());
    if (*symbol) {
      return Because(binary,
                     "a debug build of CPython, whose memory layout is "
                     "not known");
    }
  }
  return {};
}

Result<std::optional<RemoteAddr>> FindRuntime(PythonBinary& binary) {
  auto runtime = binary.FindDynamic("_PyRuntime");
  if (!runtime || *runtime) return runtime;
  if (!NamesPython(binary.path())) return std::optional<RemoteAddr>();
  if (const auto symbol = binary.FindAny("_PyRuntime")) return symbol;
  // Since 3.11 it is in a section of its own, which stripping leaves.
  return binary.FindSection(".PyRuntime");
}

Result<Layout> TryLayouts(const RemoteMemory& memory,
                          const PythonBinary& binary, RemoteAddr runtime) {
  const auto named = VersionFromName(binary.path());
  std::vector<PythonVersion> versions = KnownVersions();
  std::stable_partition(versions.begin(), versions.end(),
                        [&](const auto& v) { return v == named; });
  for (const PythonVersion& version : versions) {
    const auto layout = FindLayout(version, false);
    if (!layout || layout->runtime.interpreters_head == kAbsent) continue;
    const auto interpreter =
        memory.ReadPointer(runtime + layout->runtime.interpreters_head);
    if (!interpreter) continue;
    const auto hex = ReadHexVersion(memory, *layout, *interpreter);
    if (!hex) continue;
    const PythonVersion found = VersionFromHex(*hex);
    if (IsSameMinor(found, version)) return FindLayout(found, false);
  }
  return Because(binary,
                 "a CPython whose version cannot be told (or one that "
                 "is still starting)");
}

// Finds the layout of an interpreter that describes itself (3.13 on). The
// description has the last word on the offsets that it gives.
Result<std::optional<Layout>> FindDescribedLayout(const RemoteMemory& memory,
                                                  RemoteAddr runtime) {
  const auto described = ReadDebugVersion(memory, runtime);
  if (!described) return tl::unexpected<Error>(described.error());
  if (!*described) return std::optional<Layout>();
  auto layout = FindLayout((*described)->version, (*described)->free_threaded);
  if (!layout) return tl::unexpected<Error>(layout.error());
  if (!layout->compared) {
    return Failure(ENOTSUP,
                   "a free-threaded CPython " + ToString(layout->version) +
                       ": its layout was never compared with a running one");
  }
  auto applied = ApplyDebugOffsets(memory, runtime, *layout);
  if (!applied) return tl::unexpected<Error>(applied.error());
  return std::optional(*std::move(layout));
}

Result<Layout> DetermineLayout(const RemoteMemory& memory,
                               const PythonBinary& binary, RemoteAddr runtime) {
  auto described = FindDescribedLayout(memory, runtime);
  if (!described) return Located(binary, described.error());
  if (*described) return **std::move(described);
  const auto symbol = binary.FindDynamic("Py_Version");
  if (!symbol) return tl::unexpected<Error>(symbol.error());
  if (!*symbol) return TryLayouts(memory, binary, runtime);
  const auto hex = memory.Read<uint32_t>(**symbol);
  if (!hex) return tl::unexpected<Error>(hex.error());
  auto layout = FindLayout(VersionFromHex(*hex), false);
  if (!layout) return Located(binary, layout.error());
  return layout;
}

Result<PythonRuntime> MakeRuntime(PythonBinary& binary, const Layout& layout,
                                  std::vector<Interpreter> interpreters) {
  PythonRuntime runtime;
  runtime.layout = layout;
  runtime.binary = binary.path();
  runtime.mapping = binary.mapping();
  runtime.interpreters = std::move(interpreters);
  if (runtime.layout.interpreter.obmalloc == kAbsent) {
    const auto arenas = binary.FindAny("arenas");
    const auto max_arenas = binary.FindAny("maxarenas");
    if (arenas && max_arenas) runtime.arenas = {*arenas, *max_arenas};
  }
  return runtime;
}

// Finds the state of the first interpreter before 3.7; 0 where its symbol is
// not found.
Result<RemoteAddr> FindFirstInterpreter(const RemoteMemory& memory,
                                        PythonBinary& binary) {
  const auto head = binary.FindAny("interp_head");
  if (!head) return RemoteAddr{};
  return memory.ReadPointer(*head);
}

Result<Layout> FindLayoutBefore37(const RemoteMemory& memory,
                                  const PythonBinary& binary,
                                  RemoteAddr interpreter) {
  for (const PythonVersion& version : KnownVersions()) {
    auto layout = FindLayout(version, false);
    if (!layout || layout->runtime.interpreters_head != kAbsent) continue;
    if (interpreter == RemoteAddr{}) {
      if (VersionFromName(binary.path()) == version) return layout;
      continue;
    }
    const auto hex = ReadHexVersion(memory, *layout, interpreter);
    if (!hex) continue;
    const PythonVersion found = VersionFromHex(*hex);
    if (IsSameMinor(found, version)) return FindLayout(found, false);
  }
  return Because(binary, "a CPython before 3.7 whose version cannot be told");
}

// Before 3.7 there is no _PyRuntime: the state of the collector is in
// variables, and only a pointer to the first is exported.
Result<PythonRuntime> FindBefore37(const RemoteMemory& memory,
                                   PythonBinary& binary,
                                   RemoteAddr generation0) {
  const auto generations = memory.ReadPointer(generation0);
  if (!generations) return tl::unexpected<Error>(generations.error());
  const auto first = FindFirstInterpreter(memory, binary);
  if (!first) return tl::unexpected<Error>(first.error());
  auto layout = FindLayoutBefore37(memory, binary, *first);
  if (!layout) return tl::unexpected<Error>(layout.error());
  auto interpreter =
      ReadInterpreterBefore37(memory, *layout, *generations, *first);
  if (!interpreter) return Located(binary, interpreter.error());
  interpreter->gc.generation_stats = binary.FindAny("generation_stats");
  interpreter->gc.collecting = binary.FindAny("collecting");
  return MakeRuntime(binary, *std::move(layout), {*std::move(interpreter)});
}

Result<PythonRuntime> FindSince37(const RemoteMemory& memory,
                                  PythonBinary& binary, RemoteAddr address) {
  auto layout = DetermineLayout(memory, binary, address);
  if (!layout) return tl::unexpected<Error>(layout.error());
  auto interpreters = ReadInterpreters(memory, *layout, address);
  if (!interpreters) return Located(binary, interpreters.error());
  return MakeRuntime(binary, *std::move(layout), *std::move(interpreters));
}

// Absent where the binary holds no CPython.
Result<std::optional<PythonRuntime>> FindIn(const RemoteMemory& memory,
                                            PythonBinary& binary) {
  const auto address = FindRuntime(binary);
  if (!address) return tl::unexpected<Error>(address.error());
  const auto generation0 = binary.FindDynamic("_PyGC_generation0");
  if (!generation0) return tl::unexpected<Error>(generation0.error());
  if (!*address && !*generation0) return std::optional<PythonRuntime>();
  auto release = RefuseDebugBuilds(binary);
  if (!release) return tl::unexpected<Error>(release.error());
  auto found = *address ? FindSince37(memory, binary, **address)
                        : FindBefore37(memory, binary, **generation0);
  if (!found) return tl::unexpected<Error>(found.error());
  return std::optional(*std::move(found));
}

// Finds the mappings of the first bytes of files that may hold a CPython: the
// program, and files with python in their names. The program comes first, as
// its own symbols win over those of a library.
std::vector<procfs::Mapping> FindCandidates(const MemoryMap& map,
                                            std::string_view program) {
  std::vector<procfs::Mapping> files;
  for (const procfs::Mapping& mapping : map.mappings()) {
    if (mapping.inode != 0 && mapping.offset == 0 &&
        (mapping.name == program || NamesPython(mapping.name)) &&
        files.size() < kMostCandidates) {
      files.push_back(mapping);
    }
  }
  std::stable_partition(files.begin(), files.end(),
                        [&](const auto& f) { return f.name == program; });
  return files;
}

}  // namespace

Result<std::optional<PythonRuntime>> FindPython(
    const procfs::ProcessHandle& process, const MemoryMap& map,
    const RemoteMemory& memory, const Deadline& deadline) {
  const auto program = process.ReadLink("exe");
  if (!program) return tl::unexpected<Error>(program.error());
  std::optional<Error> unreadable;
  for (const procfs::Mapping& file : FindCandidates(map, *program)) {
    if (deadline.Expired()) {
      return Failure(ETIMEDOUT, process.Path("maps") +
                                    ": no CPython found before the deadline");
    }
    auto binary = PythonBinary::Open(process, file, memory, deadline);
    if (!binary) return tl::unexpected<Error>(binary.error());
    if (!*binary) continue;  // Some other file with python in its name.
    auto found = FindIn(memory, **binary);
    if (!found || *found) return found;
    if (!unreadable) unreadable = (*binary)->unreadable();
  }
  if (unreadable) return tl::unexpected<Error>(*std::move(unreadable));
  return std::optional<PythonRuntime>();
}

}  // namespace leak_exporter::cpython
