#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "metrics/base/unique_fd.h"
#include "metrics/procfs/maps.h"
#include "metrics/procfs/process_handle.h"
#include "metrics/remote/elf_image.h"
#include "metrics/remote/memory_map.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

/// Opens the file behind a mapping, invalid where that cannot be had: through
/// /proc/PID/map_files, which works whatever became of the file's name but
/// takes CAP_CHECKPOINT_RESTORE, or by its name below /proc/PID/root, if that
/// still leads to the same inode.
UniqueFd OpenMappedFile(const procfs::ProcessHandle& process,
                        const procfs::Mapping& mapping);

/// A process's memory, read so that its RSS stays what it is: to read a page of
/// a mapped file that the process itself has not touched (symbol tables, names
/// of types) would make the kernel map it, and its neighbours, for the process.
/// Such a page is read from the file instead. Not thread-safe.
class FileBackedMemory final : public RemoteMemory {
 public:
  /// All three must outlive it; `map` is the process's, and `live` reads its
  /// memory.
  FileBackedMemory(const procfs::ProcessHandle& process, const MemoryMap& map,
                   const RemoteMemory& live);

  Result<size_t> ReadSome(RemoteAddr address,
                          std::span<std::byte> into) const override;
  Result<void> ReadBatch(std::span<ReadRequest> requests) const override;

 private:
  using FileId = std::pair<uint64_t, uint64_t>;

  Result<size_t> ReadPage(RemoteAddr address, std::span<std::byte> into) const;
  const procfs::Mapping* FindFile(RemoteAddr address) const;
  bool IsUntouched(RemoteAddr address) const;
  const FileMemory& OpenFile(const procfs::Mapping& mapping) const;

  const procfs::ProcessHandle& process_;
  const RemoteMemory& live_;
  /// Those of files, ascending.
  std::vector<procfs::Mapping> files_;
  UniqueFd pagemap_;
  uint64_t page_bytes_;
  /// By device and inode; opened when first needed.
  mutable std::map<FileId, FileMemory> open_files_;
};

}  // namespace leak_exporter
