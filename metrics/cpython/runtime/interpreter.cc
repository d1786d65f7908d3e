#include "metrics/cpython/runtime/interpreter.h"

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "metrics/cpython/objects/dict.h"
#include "metrics/cpython/objects/long.h"
#include "metrics/cpython/objects/unicode.h"
#include "metrics/cpython/runtime/gc_list_walker.h"
#include "metrics/remote/read_cache.h"

namespace leak_exporter::cpython {
namespace {

constexpr size_t kMaxInterpreters = 1000;
constexpr size_t kMaxSysEntries = 100'000;

Result<GcState> ReadGcState(const RemoteMemory& memory, const Layout& layout,
                            RemoteAddr gc) {
  GcState state;
  if (layout.gc.generations != kAbsent) {
    auto heads = FindGenerations(memory, layout, gc);
    if (!heads) return tl::unexpected<Error>(heads.error());
    state.generations = *std::move(heads);
    state.permanent_generation = gc + layout.gc.permanent_generation;
  }
  state.generation_stats = gc + layout.gc.generation_stats;
  state.collecting = gc + layout.gc.collecting;
  return state;
}

Result<std::optional<RemoteAddr>> FindObmalloc(const RemoteMemory& memory,
                                               const Layout& layout,
                                               RemoteAddr interpreter) {
  if (layout.interpreter.obmalloc == kAbsent) {
    return std::optional<RemoteAddr>();
  }
  const RemoteAddr field = interpreter + layout.interpreter.obmalloc;
  if (!layout.interpreter.obmalloc_is_pointer) return std::optional(field);
  const auto state = memory.ReadPointer(field);
  if (!state) return tl::unexpected<Error>(state.error());
  if (*state == RemoteAddr{}) return std::optional<RemoteAddr>();
  return std::optional(*state);
}

Result<Interpreter> ReadInterpreter(const RemoteMemory& memory,
                                    const Layout& layout, RemoteAddr runtime,
                                    RemoteAddr address) {
  Interpreter interpreter;
  interpreter.address = address;
  const auto id = memory.Read<int64_t>(address + layout.interpreter.id);
  if (!id) return tl::unexpected<Error>(id.error());
  interpreter.id = *id;
  const auto modules = memory.ReadPointer(address + layout.interpreter.modules);
  if (!modules) return tl::unexpected<Error>(modules.error());
  interpreter.modules = *modules;
  auto gc = ReadGcState(memory, layout,
                        layout.runtime.gc != kAbsent
                            ? runtime + layout.runtime.gc
                            : address + layout.interpreter.gc);
  if (!gc) return tl::unexpected<Error>(gc.error());
  interpreter.gc = *std::move(gc);
  const auto obmalloc = FindObmalloc(memory, layout, address);
  if (!obmalloc) return tl::unexpected<Error>(obmalloc.error());
  interpreter.obmalloc = *obmalloc;
  return interpreter;
}

}  // namespace

Result<std::vector<Interpreter>> ReadInterpreters(const RemoteMemory& memory,
                                                  const Layout& layout,
                                                  RemoteAddr runtime) {
  std::vector<Interpreter> interpreters;
  auto address = memory.ReadPointer(runtime + layout.runtime.interpreters_head);
  while (address && *address != RemoteAddr{}) {
    if (interpreters.size() == kMaxInterpreters) {
      return Failure(
          0, "more than " + std::to_string(kMaxInterpreters) + " interpreters");
    }
    auto interpreter = ReadInterpreter(memory, layout, runtime, *address);
    if (!interpreter) return tl::unexpected<Error>(interpreter.error());
    interpreters.push_back(*std::move(interpreter));
    address = memory.ReadPointer(*address + layout.interpreter.next);
  }
  if (!address) return tl::unexpected<Error>(address.error());
  if (interpreters.empty()) {
    return Failure(EAGAIN, "CPython is not initialised yet");
  }
  return interpreters;
}

Result<Interpreter> ReadInterpreterBefore37(const RemoteMemory& memory,
                                            const Layout& layout,
                                            RemoteAddr generations,
                                            RemoteAddr address) {
  Interpreter interpreter;
  interpreter.address = address;
  auto heads = FindGenerations(memory, layout, generations);
  if (!heads) return tl::unexpected<Error>(heads.error());
  interpreter.gc.generations = *std::move(heads);
  if (address == RemoteAddr{}) return interpreter;
  const auto modules = memory.ReadPointer(address + layout.interpreter.modules);
  if (!modules) return tl::unexpected<Error>(modules.error());
  interpreter.modules = *modules;
  return interpreter;
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
    if (!key || *key != kKey) continue;
    ReadCache cache(memory);
    const auto version = ReadSmallInt(cache, layout, item.value);
    if (version) return *version;
  }
  return Failure(0, "sys.hexversion is not there");
}

}  // namespace leak_exporter::cpython
