#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "metrics/base/result.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

/// Where a symbol or a section is, and how large.
struct ElfLocation {
  RemoteAddr address{};
  uint64_t size = 0;
};

/// The exported symbols of a loaded ELF object. They are read from the memory
/// of the process that loaded it, so deleted files and files of another mount
/// namespace work too. Only 64-bit little-endian objects are understood. The
/// object refers to the memory that Open() was given, which must outlive it.
class LoadedElf {
 public:
  /// `base` is where the mapping of the file's first byte begins.
  static Result<LoadedElf> Open(const RemoteMemory& memory, RemoteAddr base);

  /// Finds a symbol that .dynsym defines. Absent where it defines none of that
  /// name.
  Result<std::optional<ElfLocation>> FindSymbol(std::string_view name) const;

  /// The difference between an address in memory and the same address in the
  /// file: 0 for a program that is not position independent.
  uint64_t bias() const { return bias_; }

 private:
  explicit LoadedElf(const RemoteMemory& memory) : memory_(&memory) {}

  Result<void> ReadDynamic(RemoteAddr dynamic, uint64_t size);
  Result<std::optional<ElfLocation>> FindByGnuHash(std::string_view name) const;
  Result<std::optional<ElfLocation>> FindByHash(std::string_view name) const;
  /// Returns the symbol at `index`, if it is defined and has that name.
  Result<std::optional<ElfLocation>> Match(uint64_t index,
                                           std::string_view name) const;

  const RemoteMemory* memory_;
  uint64_t bias_ = 0;
  RemoteAddr symbols_{};
  RemoteAddr strings_{};
  RemoteAddr hash_{};
  RemoteAddr gnu_hash_{};
};

}  // namespace leak_exporter
