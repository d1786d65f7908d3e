#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/base/deadline.h"
#include "metrics/base/result.h"
#include "metrics/remote/elf_image.h"
#include "metrics/remote/file_memory.h"

namespace leak_exporter {

/// What only an ELF file has: its full symbol table and its sections. The
/// addresses are those in the file: LoadedElf::bias() has to be added.
struct ElfFileTables {
  /// The wanted symbols that .symtab defines.
  std::map<std::string, ElfLocation, std::less<>> symbols;
  std::map<std::string, ElfLocation, std::less<>> sections;
};

/// Reads the sections and the wanted symbols. Whoever runs the watched program
/// may have written the file, so it is hostile: there may be one symbol table,
/// no table may be larger than 64 MiB or lie in a hole of the file, and a table
/// is read in pieces of 64 KiB. Errors: what is wrong with the file, and
/// ETIMEDOUT past the deadline.
Result<ElfFileTables> ReadElfFile(const FileMemory& file,
                                  const std::vector<std::string_view>& wanted,
                                  const Deadline& deadline);

}  // namespace leak_exporter
