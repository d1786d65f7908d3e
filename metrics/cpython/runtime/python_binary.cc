#include "metrics/cpython/runtime/python_binary.h"

#include <string>
#include <utility>
#include <vector>

#include "metrics/remote/file_backed_memory.h"

namespace leak_exporter::cpython {

Result<std::optional<PythonBinary>> PythonBinary::Open(
    const procfs::ProcessHandle& process, const procfs::Mapping& first,
    const RemoteMemory& memory, const Deadline& deadline) {
  auto elf = LoadedElf::Open(memory, RemoteAddr{first.start});
  if (elf) {
    return std::optional(
        PythonBinary(process, first, *std::move(elf), deadline));
  }
  // Only an error of the system has a code.
  if (elf.error().code != 0) return tl::unexpected<Error>(elf.error());
  return std::optional<PythonBinary>();
}

Result<std::optional<RemoteAddr>> PythonBinary::FindDynamic(
    std::string_view name) const {
  const auto symbol = elf_.FindSymbol(name);
  if (!symbol) return tl::unexpected<Error>(symbol.error());
  if (!*symbol) return std::optional<RemoteAddr>();
  return (*symbol)->address;
}

std::optional<RemoteAddr> PythonBinary::FindAny(std::string_view name) {
  const auto dynamic = FindDynamic(name);
  if (dynamic && *dynamic) return *dynamic;
  const ElfFileTables& tables = FileTables();
  const auto found = tables.symbols.find(name);
  if (found == tables.symbols.end()) return std::nullopt;
  return found->second.address + elf_.bias();
}

std::optional<RemoteAddr> PythonBinary::FindSection(std::string_view name) {
  const ElfFileTables& tables = FileTables();
  const auto found = tables.sections.find(name);
  if (found == tables.sections.end()) return std::nullopt;
  return found->second.address + elf_.bias();
}

const ElfFileTables& PythonBinary::FileTables() {
  if (!tables_) {
    auto read = ReadFileTables();
    // A file that makes no sense has no code. One that is gone cannot be read
    // by anybody.
    if (!read && read.error().code != 0 && !IsGone(read.error())) {
      unreadable_ = read.error();
    }
    tables_ = read ? *std::move(read) : ElfFileTables{};
  }
  return *tables_;
}

Result<ElfFileTables> PythonBinary::ReadFileTables() const {
  const std::vector<std::string_view> wanted = {
      "_PyRuntime", "interp_head", "generation_stats",
      "collecting", "arenas",      "maxarenas"};
  auto fd = OpenMappedFile(process_, first_);
  if (!fd) return tl::unexpected<Error>(fd.error());
  const FileMemory file(*std::move(fd), std::string(path()));
  return ReadElfFile(file, wanted, deadline_);
}

}  // namespace leak_exporter::cpython
