#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/base/result.h"
#include "metrics/base/unique_fd.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

/// A file read through RemoteMemory: addresses are offsets in it.
class FileMemory final : public RemoteMemory {
 public:
  FileMemory(UniqueFd fd, std::string path)
      : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<size_t> ReadSome(RemoteAddr address,
                          std::span<std::byte> into) const override;

 private:
  UniqueFd fd_;
  std::string path_;
};

/// A symbol or a section, as loaded.
struct ElfLocation {
  RemoteAddr address{};
  uint64_t size = 0;
};

/// What a loaded ELF object exports, read from the memory that it is loaded
/// into: no file is needed, so that deleted ones and those of another mount
/// namespace work. 64-bit little endian only. Refers to `memory`.
class LoadedElf {
 public:
  /// `base` is where the mapping of offset 0 begins.
  static Result<LoadedElf> Open(const RemoteMemory& memory, RemoteAddr base);

  /// A defined symbol of .dynsym; absent where it has none of that name.
  Result<std::optional<ElfLocation>> FindSymbol(std::string_view name) const;

  /// What is added to an address in the file: 0 for a program that is not
  /// position independent.
  uint64_t bias() const { return bias_; }

 private:
  explicit LoadedElf(const RemoteMemory& memory) : memory_(&memory) {}

  Result<void> ReadDynamic(RemoteAddr dynamic, uint64_t size);
  Result<std::optional<ElfLocation>> FindByGnuHash(std::string_view name) const;
  Result<std::optional<ElfLocation>> FindByHash(std::string_view name) const;
  /// The symbol if it is defined and has that name.
  Result<std::optional<ElfLocation>> Match(uint64_t index,
                                           std::string_view name) const;

  const RemoteMemory* memory_;
  uint64_t bias_ = 0;
  RemoteAddr symbols_{};
  RemoteAddr strings_{};
  RemoteAddr hash_{};
  RemoteAddr gnu_hash_{};
};

/// What only the file has: the full symbol table and the sections. Addresses
/// are the file's; add LoadedElf::bias(). Reads section headers and tables
/// whole, a MB or so for a libpython.
struct ElfFileTables {
  /// Those of the wanted names that .symtab defines.
  std::map<std::string, ElfLocation, std::less<>> symbols;
  std::map<std::string, ElfLocation, std::less<>> sections;
};
Result<ElfFileTables> ReadElfFile(const RemoteMemory& file,
                                  const std::vector<std::string_view>& wanted);

}  // namespace leak_exporter
