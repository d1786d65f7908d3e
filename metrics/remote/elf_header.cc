#include "metrics/remote/elf_header.h"

#include <cstring>

namespace leak_exporter {

Result<Elf64_Ehdr> ReadElfHeader(const RemoteMemory& memory, RemoteAddr base) {
  auto header = memory.Read<Elf64_Ehdr>(base);
  if (!header) return header;
  if (std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
      header->e_ident[EI_CLASS] != ELFCLASS64 ||
      header->e_ident[EI_DATA] != ELFDATA2LSB) {
    return tl::unexpected<Error>(
        BadElf("at " + ToString(base) + ": not 64-bit little endian"));
  }
  return header;
}

}  // namespace leak_exporter
