#include "metrics/cpython/runtime/interpreter.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "metrics/cpython/layout/debug_offsets.h"
#include "metrics/cpython/objects/dict.h"
#include "metrics/cpython/objects/unicode.h"
#include "metrics/cpython/runtime/gc_list_walker.h"
#include "metrics/remote/elf_image.h"
#include "metrics/remote/file_backed_memory.h"

namespace leak_exporter::cpython {
namespace {

constexpr size_t kMaxInterpreters = 1000;
constexpr size_t kMaxSysEntries = 100'000;

Error Because(const std::string& binary, const std::string& why) {
  return {0, binary + ": " + why};
}

std::string_view BaseName(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

/// A mapped file that may hold a CPython.
struct Candidate {
  const MemoryRegion* first = nullptr;
  LoadedElf elf;
};

/// Its symbols: from memory, and from the file's full table where that is not
/// enough.
class Symbols {
 public:
  Symbols(const procfs::ProcessHandle& process, const Candidate& candidate)
      : process_(process), candidate_(candidate) {}

  Result<std::optional<RemoteAddr>> FindDynamic(std::string_view name) const {
    const auto symbol = candidate_.elf.FindSymbol(name);
    if (!symbol) return tl::unexpected<Error>(symbol.error());
    if (!*symbol) return std::optional<RemoteAddr>();
    return (*symbol)->address;
  }

  /// Also looks at the file, once; absent as well where it cannot be read.
  std::optional<RemoteAddr> FindAny(std::string_view name) {
    const auto dynamic = FindDynamic(name);
    if (dynamic && *dynamic) return *dynamic;
    const ElfFileTables& tables = FileTables();
    const auto found = tables.symbols.find(name);
    if (found == tables.symbols.end()) return std::nullopt;
    return found->second.address + candidate_.elf.bias();
  }

  std::optional<RemoteAddr> FindSection(std::string_view name) {
    const ElfFileTables& tables = FileTables();
    const auto found = tables.sections.find(name);
    if (found == tables.sections.end()) return std::nullopt;
    return found->second.address + candidate_.elf.bias();
  }

 private:
  const ElfFileTables& FileTables() {
    if (!tables_) tables_ = ReadFileTables();
    return *tables_;
  }

  ElfFileTables ReadFileTables() const {
    const std::vector<std::string_view> wanted = {
        "_PyRuntime", "interp_head", "generation_stats",
        "collecting", "arenas",      "maxarenas"};
    UniqueFd fd = OpenMappedFile(process_, *candidate_.first);
    if (!fd.valid()) return {};
    const FileMemory file(std::move(fd), candidate_.first->name);
    auto tables = ReadElfFile(file, wanted);
    return tables ? *std::move(tables) : ElfFileTables{};
  }

  const procfs::ProcessHandle& process_;
  const Candidate& candidate_;
  std::optional<ElfFileTables> tables_;
};

// Reads a small int: sys.hexversion.
Result<uint64_t> ReadInt(const RemoteMemory& memory, const Layout& layout,
                         RemoteAddr object) {
  if (layout.int_object.ob_ival != kAbsent) {
    return memory.Read<uint64_t>(object + layout.int_object.ob_ival);
  }
  constexpr unsigned kDigitBits = 30;
  constexpr unsigned kTagShift = 3;
  auto digits = memory.Read<uint64_t>(
      object + (layout.long_object.lv_tag != kAbsent ? layout.long_object.lv_tag
                                                     : layout.object.ob_size));
  if (!digits) return digits;
  if (layout.long_object.lv_tag != kAbsent) *digits >>= kTagShift;
  const auto words = memory.Read<std::array<uint32_t, 2>>(
      object + layout.long_object.ob_digit);
  if (!words) return tl::unexpected<Error>(words.error());
  return (*words)[0] +
         (*digits > 1 ? uint64_t{(*words)[1]} << kDigitBits : uint64_t{0});
}

Result<uint64_t> ReadHexVersion(const RemoteMemory& memory,
                                const Layout& layout, RemoteAddr interpreter) {
  constexpr std::string_view kKey = "hexversion";
  const auto sysdict =
      memory.ReadPointer(interpreter + layout.interpreter.sysdict);
  if (!sysdict) return tl::unexpected<Error>(sysdict.error());
  const auto items = ReadDictItems(memory, layout, *sysdict, kMaxSysEntries);
  if (!items) return tl::unexpected<Error>(items.error());
  for (const DictItem& item : *items) {
    const auto key = ReadText(memory, layout, item.key, kKey.size());
    if (key && *key == kKey) return ReadInt(memory, layout, item.value);
  }
  return Failure(0, "sys.hexversion is not there");
}

// "libpython3.9.so.1.0" and "python3.9" name their version.
std::optional<PythonVersion> VersionFromName(std::string_view path) {
  const std::string_view name = BaseName(path);
  const size_t at = name.find("python");
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest =
      name.substr(at + std::string_view("python").size());
  PythonVersion version;
  const char* end = rest.data() + rest.size();
  const auto major = std::from_chars(rest.data(), end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') {
    return std::nullopt;
  }
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc()) return std::nullopt;
  return version;
}

bool MayHoldPython(const MemoryRegion& region, std::string_view program) {
  const std::string_view name = BaseName(region.name);
  return region.name == program ||
         name.find("python") != std::string_view::npos;
}

/// Everything that is found out about one candidate.
class Finder {
 public:
  Finder(const RemoteMemory& memory, const Candidate& candidate,
         Symbols& symbols)
      : memory_(memory), candidate_(candidate), symbols_(symbols) {}

  Result<std::optional<PythonRuntime>> Find();

 private:
  const std::string& binary() const { return candidate_.first->name; }
  Result<void> RefuseDebugBuilds() const;
  Result<std::optional<RemoteAddr>> FindRuntime() const;
  Result<Layout> DetermineLayout(RemoteAddr runtime) const;
  Result<Layout> TryLayouts(RemoteAddr runtime) const;
  Result<std::vector<Interpreter>> ReadInterpreters(const Layout& layout,
                                                    RemoteAddr runtime) const;
  Result<Interpreter> ReadInterpreter(const Layout& layout, RemoteAddr runtime,
                                      RemoteAddr address) const;
  Result<std::optional<PythonRuntime>> FindBefore37(RemoteAddr generation0);
  Result<PythonRuntime> FinishBefore37(Layout layout, RemoteAddr generations,
                                       RemoteAddr interpreter);
  PythonRuntime MakeRuntime(Layout layout) const;

  const RemoteMemory& memory_;
  const Candidate& candidate_;
  Symbols& symbols_;
};

PythonRuntime Finder::MakeRuntime(Layout layout) const {
  PythonRuntime runtime;
  runtime.layout = std::move(layout);
  runtime.binary = binary();
  runtime.mapping = {candidate_.first->begin, candidate_.first->end};
  return runtime;
}

Result<void> Finder::RefuseDebugBuilds() const {
  // Exported only where Py_REF_DEBUG changes what objects look like.
  for (const std::string_view name :
       {"_Py_NegativeRefcount", "_Py_AddToAllObjects"}) {
    const auto symbol = symbols_.FindDynamic(name);
    if (!symbol) return tl::unexpected<Error>(symbol.error());
    if (*symbol) {
      return tl::unexpected<Error>(
          Because(binary(),
                  "a debug build of CPython, whose memory layout is "
                  "not known"));
    }
  }
  return {};
}

Result<std::optional<RemoteAddr>> Finder::FindRuntime() const {
  auto runtime = symbols_.FindDynamic("_PyRuntime");
  if (!runtime || *runtime) return runtime;
  if (BaseName(binary()).find("python") == std::string_view::npos) {
    return std::optional<RemoteAddr>();
  }
  if (const auto symbol = symbols_.FindAny("_PyRuntime")) return symbol;
  // 3.11 on keeps it in a section of its own, which stripping leaves.
  return symbols_.FindSection(".PyRuntime");
}

Result<Layout> Finder::TryLayouts(RemoteAddr runtime) const {
  const auto named = VersionFromName(binary());
  std::vector<PythonVersion> versions = KnownVersions();
  std::stable_partition(versions.begin(), versions.end(),
                        [&](const auto& v) { return v == named; });
  for (const PythonVersion& version : versions) {
    const auto layout = FindLayout(version, false);
    if (!layout || layout->runtime.interpreters_head == kAbsent) continue;
    const auto interpreter =
        memory_.ReadPointer(runtime + layout->runtime.interpreters_head);
    if (!interpreter) continue;
    const auto hex = ReadHexVersion(memory_, *layout, *interpreter);
    if (!hex) continue;
    const PythonVersion found = VersionFromHex(*hex);
    if (found.major == version.major && found.minor == version.minor) {
      return FindLayout(found, false);
    }
  }
  return tl::unexpected<Error>(
      Because(binary(),
              "a CPython whose version cannot be told (or one that "
              "is still starting)"));
}

Result<Layout> Finder::DetermineLayout(RemoteAddr runtime) const {
  const auto described = ReadDebugVersion(memory_, runtime);
  if (!described) return tl::unexpected<Error>(described.error());
  if (*described) {
    auto layout =
        FindLayout((*described)->version, (*described)->free_threaded);
    if (!layout)
      return tl::unexpected<Error>(Because(binary(), layout.error().message));
    auto applied = ApplyDebugOffsets(memory_, runtime, *layout);
    if (!applied)
      return tl::unexpected<Error>(Because(binary(), applied.error().message));
    return layout;
  }
  const auto symbol = symbols_.FindDynamic("Py_Version");
  if (!symbol) return tl::unexpected<Error>(symbol.error());
  if (!*symbol) return TryLayouts(runtime);
  const auto hex = memory_.Read<uint32_t>(**symbol);
  if (!hex) return tl::unexpected<Error>(hex.error());
  auto layout = FindLayout(VersionFromHex(*hex), false);
  if (!layout) {
    return tl::unexpected<Error>(Because(binary(), layout.error().message));
  }
  return layout;
}

Result<Interpreter> Finder::ReadInterpreter(const Layout& layout,
                                            RemoteAddr runtime,
                                            RemoteAddr address) const {
  Interpreter interpreter;
  interpreter.address = address;
  const auto id = memory_.Read<int64_t>(address + layout.interpreter.id);
  if (!id) return tl::unexpected<Error>(id.error());
  interpreter.id = *id;
  const auto modules =
      memory_.ReadPointer(address + layout.interpreter.modules);
  if (!modules) return tl::unexpected<Error>(modules.error());
  interpreter.modules = *modules;

  const RemoteAddr gc = layout.runtime.gc != kAbsent
                            ? runtime + layout.runtime.gc
                            : address + layout.interpreter.gc;
  if (layout.gc.generations != kAbsent) {
    auto heads = FindGenerations(memory_, layout, gc);
    if (!heads) {
      return tl::unexpected<Error>(Because(binary(), heads.error().message));
    }
    interpreter.gc.generations = *std::move(heads);
    interpreter.gc.permanent_generation = gc + layout.gc.permanent_generation;
  }
  interpreter.gc.generation_stats = gc + layout.gc.generation_stats;
  interpreter.gc.collecting = gc + layout.gc.collecting;
  if (layout.interpreter.obmalloc != kAbsent) {
    const RemoteAddr field = address + layout.interpreter.obmalloc;
    if (!layout.interpreter.obmalloc_is_pointer) {
      interpreter.obmalloc = field;
    } else {
      const auto state = memory_.ReadPointer(field);
      if (!state) return tl::unexpected<Error>(state.error());
      if (*state != RemoteAddr{}) interpreter.obmalloc = *state;
    }
  }
  return interpreter;
}

Result<std::vector<Interpreter>> Finder::ReadInterpreters(
    const Layout& layout, RemoteAddr runtime) const {
  std::vector<Interpreter> interpreters;
  auto address =
      memory_.ReadPointer(runtime + layout.runtime.interpreters_head);
  while (address && *address != RemoteAddr{}) {
    if (interpreters.size() == kMaxInterpreters) {
      return tl::unexpected<Error>(Because(
          binary(),
          "more than " + std::to_string(kMaxInterpreters) + " interpreters"));
    }
    auto interpreter = ReadInterpreter(layout, runtime, *address);
    if (!interpreter) return tl::unexpected<Error>(interpreter.error());
    interpreters.push_back(*std::move(interpreter));
    address = memory_.ReadPointer(*address + layout.interpreter.next);
  }
  if (!address) return tl::unexpected<Error>(address.error());
  if (interpreters.empty()) {
    return tl::unexpected<Error>(
        Because(binary(), "CPython is not initialised yet"));
  }
  return interpreters;
}

// Before 3.7 there is no _PyRuntime: the collector's state are variables, of
// which only a pointer to the first is exported.
Result<std::optional<PythonRuntime>> Finder::FindBefore37(
    RemoteAddr generation0) {
  const auto generations = memory_.ReadPointer(generation0);
  if (!generations) return tl::unexpected<Error>(generations.error());
  RemoteAddr interpreter{};
  if (const auto head = symbols_.FindAny("interp_head")) {
    const auto first = memory_.ReadPointer(*head);
    if (!first) return tl::unexpected<Error>(first.error());
    interpreter = *first;
  }
  for (const PythonVersion& version : KnownVersions()) {
    const auto layout = FindLayout(version, false);
    if (!layout || layout->runtime.interpreters_head != kAbsent) continue;
    if (interpreter == RemoteAddr{}) {
      if (VersionFromName(binary()) == version) {
        return FinishBefore37(*layout, *generations, interpreter);
      }
      continue;
    }
    const auto hex = ReadHexVersion(memory_, *layout, interpreter);
    if (!hex) continue;
    const PythonVersion found = VersionFromHex(*hex);
    if (found.major != version.major || found.minor != version.minor) continue;
    Layout exact = *layout;
    exact.version = found;
    return FinishBefore37(exact, *generations, interpreter);
  }
  return tl::unexpected<Error>(
      Because(binary(), "a CPython before 3.7 whose version cannot be told"));
}

Result<PythonRuntime> Finder::FinishBefore37(Layout layout,
                                             RemoteAddr generations,
                                             RemoteAddr interpreter) {
  GcState gc;
  auto heads = FindGenerations(memory_, layout, generations);
  if (!heads) {
    return tl::unexpected<Error>(Because(binary(), heads.error().message));
  }
  gc.generations = *std::move(heads);
  gc.generation_stats = symbols_.FindAny("generation_stats");
  gc.collecting = symbols_.FindAny("collecting");

  PythonRuntime runtime = MakeRuntime(std::move(layout));
  Interpreter first;
  first.address = interpreter;
  first.gc = std::move(gc);
  if (interpreter != RemoteAddr{}) {
    const auto modules =
        memory_.ReadPointer(interpreter + runtime.layout.interpreter.modules);
    if (!modules) return tl::unexpected<Error>(modules.error());
    first.modules = *modules;
  }
  runtime.interpreters.push_back(std::move(first));
  return runtime;
}

Result<std::optional<PythonRuntime>> Finder::Find() {
  const auto runtime = FindRuntime();
  if (!runtime) return tl::unexpected<Error>(runtime.error());
  const auto generation0 = symbols_.FindDynamic("_PyGC_generation0");
  if (!generation0) return tl::unexpected<Error>(generation0.error());
  if (!*runtime && !*generation0) return std::optional<PythonRuntime>();
  auto release = RefuseDebugBuilds();
  if (!release) return tl::unexpected<Error>(release.error());

  std::optional<PythonRuntime> found;
  if (*runtime) {
    auto layout = DetermineLayout(**runtime);
    if (!layout) return tl::unexpected<Error>(layout.error());
    auto interpreters = ReadInterpreters(*layout, **runtime);
    if (!interpreters) return tl::unexpected<Error>(interpreters.error());
    found = MakeRuntime(*std::move(layout));
    found->interpreters = *std::move(interpreters);
  } else {
    auto old = FindBefore37(**generation0);
    if (!old) return old;
    found = *std::move(old);
  }
  if (found->layout.interpreter.obmalloc == kAbsent) {
    const auto arenas = symbols_.FindAny("arenas");
    const auto max_arenas = symbols_.FindAny("maxarenas");
    if (arenas && max_arenas) found->arenas = {*arenas, *max_arenas};
  }
  return found;
}

}  // namespace

Result<std::optional<PythonRuntime>> FindPython(
    const procfs::ProcessHandle& process,
    const std::vector<MemoryRegion>& regions, const RemoteMemory& memory) {
  const auto program = process.ReadLink("exe");
  if (!program) return tl::unexpected<Error>(program.error());
  // A symbol of the program itself wins over a library's.
  std::vector<const MemoryRegion*> files;
  for (const MemoryRegion& region : regions) {
    if (region.inode != 0 && region.offset == 0 &&
        MayHoldPython(region, *program)) {
      files.push_back(&region);
    }
  }
  std::stable_partition(files.begin(), files.end(),
                        [&](const auto* f) { return f->name == *program; });
  for (const MemoryRegion* file : files) {
    auto elf = LoadedElf::Open(memory, file->begin);
    if (!elf) {
      if (elf.error().code != 0) return tl::unexpected<Error>(elf.error());
      continue;  // Some other file with python in its name.
    }
    const Candidate candidate = {file, *std::move(elf)};
    Symbols symbols(process, candidate);
    auto found = Finder(memory, candidate, symbols).Find();
    if (!found || *found) return found;
  }
  return std::optional<PythonRuntime>();
}

}  // namespace leak_exporter::cpython
