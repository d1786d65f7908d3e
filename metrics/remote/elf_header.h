#pragma once

#include <elf.h>

#include <string>

#include "metrics/base/result.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

/// The error that an ELF object is not as it should be.
inline Error BadElf(const std::string& why) { return {0, "ELF image: " + why}; }

/// Reads the header of an ELF object at `base`. An error where there is none,
/// or one that is not 64-bit little endian.
Result<Elf64_Ehdr> ReadElfHeader(const RemoteMemory& memory, RemoteAddr base);

}  // namespace leak_exporter
