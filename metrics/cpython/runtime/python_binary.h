#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "metrics/base/deadline.h"
#include "metrics/base/result.h"
#include "metrics/procfs/maps.h"
#include "metrics/procfs/process_handle.h"
#include "metrics/remote/elf_file.h"
#include "metrics/remote/elf_image.h"
#include "metrics/remote/memory_map.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

/// A mapped program or library that may hold a CPython, and the addresses of
/// its symbols. It refers to what Open() was given. Not thread-safe.
class PythonBinary {
 public:
  /// `first` is the mapping of the file's first byte, of a map that outlives
  /// it. Absent where what is mapped there is no 64-bit ELF image; an error
  /// where it cannot be read.
  static Result<std::optional<PythonBinary>> Open(
      const procfs::ProcessHandle& process, const procfs::Mapping& first,
      const RemoteMemory& memory, const Deadline& deadline);

  /// As in /proc/PID/maps.
  std::string_view path() const { return first_.name; }
  /// Where its first byte is mapped.
  AddressRange mapping() const { return RangeOf(first_); }

  /// A symbol that it exports. Reads its memory only.
  Result<std::optional<RemoteAddr>> FindDynamic(std::string_view name) const;

  /// A symbol that it exports or that its file's full symbol table has. The
  /// file is read once, when it is first needed, through /proc/PID/map_files or
  /// /proc/PID/root, until the deadline at most. Absent also where it cannot be
  /// read, is stripped, or the name is none of those that are looked for in it.
  std::optional<RemoteAddr> FindAny(std::string_view name);

  /// A section, by the file's section headers, which stripping leaves.
  std::optional<RemoteAddr> FindSection(std::string_view name);

  /// Why the system would not let the file be read; absent where it was, or was
  /// not needed. What was not found may be there then.
  const std::optional<Error>& unreadable() const { return unreadable_; }

 private:
  PythonBinary(const procfs::ProcessHandle& process,
               const procfs::Mapping& first, const LoadedElf& elf,
               const Deadline& deadline)
      : process_(process), first_(first), elf_(elf), deadline_(deadline) {}

  const ElfFileTables& FileTables();
  Result<ElfFileTables> ReadFileTables() const;

  const procfs::ProcessHandle& process_;
  procfs::Mapping first_;
  LoadedElf elf_;
  const Deadline& deadline_;
  std::optional<ElfFileTables> tables_;
  std::optional<Error> unreadable_;
};

}  // namespace leak_exporter::cpython
