#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "metrics/base/unique_fd.h"
#include "metrics/procfs/maps.h"
#include "metrics/procfs/process_handle.h"
#include "metrics/remote/file_memory.h"
#include "metrics/remote/memory_map.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

/// Opens the file behind a mapping. /proc/PID/map_files is tried first: it
/// works whatever became of the file's name, but takes CAP_CHECKPOINT_RESTORE.
/// The file's name below /proc/PID/root is tried next, and taken if it still
/// leads to the same inode; ENOENT where it does not.
Result<UniqueFd> OpenMappedFile(const procfs::ProcessHandle& process,
                                const procfs::Mapping& mapping);

/// A process's memory, read in a way that leaves the process's RSS as it is.
/// Reading a page of a mapped file that the process has not touched (symbol
/// tables, names of types) would make the kernel map that page, and its
/// neighbours, for the process. Such a page is read from the file instead. Not
/// thread-safe.
class FileBackedMemory final : public RemoteMemory {
 public:
  /// The three must outlive this object. `map` is the map of the process, and
  /// `live` reads its memory.
  FileBackedMemory(const procfs::ProcessHandle& process, const MemoryMap& map,
                   const RemoteMemory& live);

  Result<size_t> ReadSome(RemoteAddr address,
                          std::span<std::byte> into) const override;
  Result<void> ReadBatch(std::span<ReadRequest> requests) const override;

 private:
  using FileId = std::pair<uint64_t, uint64_t>;
  using Files = std::vector<const procfs::Mapping*>;

  Result<size_t> ReadPage(RemoteAddr address, std::span<std::byte> into) const;
  /// The mapping of a file that holds this address, or else the next one.
  Files::const_iterator FirstFileFrom(RemoteAddr address) const;
  const procfs::Mapping* FindFile(RemoteAddr address) const;
  /// How many of so many bytes lie before the mapping of a file.
  size_t BytesBeforeFile(RemoteAddr address, size_t size) const;
  bool IsUntouched(RemoteAddr address) const;
  const FileMemory& OpenFile(const procfs::Mapping& mapping) const;

  const procfs::ProcessHandle& process_;
  const RemoteMemory& live_;
  /// The mappings of files, in ascending order.
  Files files_;
  UniqueFd pagemap_;
  uint64_t page_bytes_;
  /// Some files by device and inode, each opened when it is needed.
  mutable std::map<FileId, FileMemory> open_files_;
};

}  // namespace leak_exporter
