#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "metrics/base/deadline.h"
#include "metrics/base/error_tally.h"
#include "metrics/base/result.h"
#include "metrics/disk/file_id.h"
#include "metrics/procfs/fd.h"
#include "metrics/procfs/process_handle.h"
#include "metrics/snapshot.h"

namespace leak_exporter {

/// The kind that a descriptor counts as. A deleted file is a regular file
/// without a name. The text " (deleted)" decides nothing: it can be part of a
/// name, and a file that lost one of two names holds nothing that its deletion
/// would have freed. A file deleted from a tmpfs counts, because it holds that
/// filesystem's space. A memfd is `other`, because it belongs to no filesystem
/// that anyone mounted.
FileKind KindOf(const procfs::Descriptor& descriptor);

/// What one process has open.
struct DescriptorTable {
  /// A regular file, with a name or without.
  struct File {
    FileId id;
    /// The space that a deleted file holds; 0 for one that has a name.
    uint64_t deleted_bytes = 0;
    unsigned number = 0;
    bool deleted = false;
  };

  /// Indexed by FileKind.
  std::array<uint64_t, kFileKinds> by_kind{};
  /// The soft limit RLIMIT_NOFILE; absent where it is unlimited or unknown.
  std::optional<uint64_t> limit;
  std::vector<File> files;
  /// False where there are more files than can be remembered.
  bool lists_all_files = true;
  /// Whether a descriptor could not be read.
  bool has_failures = false;
  /// The paths of open files, as far as they still have that name. Sorted, each
  /// once. Only for main processes.
  std::vector<std::string> paths;

  /// How many descriptors there are, of all kinds.
  uint64_t Total() const;
};

/// Which of the files that processes of a tree have open are deleted, as far as
/// one discovery has seen. A file that many processes have inherited is thus
/// looked at once.
class FileStates {
 public:
  struct State {
    bool deleted = false;
    uint64_t deleted_bytes = 0;
  };

  void Clear() { states_.clear(); }
  /// Does nothing where kMostOpenFiles are known already.
  void Set(const FileId& id, const State& state);
  const State* Find(const FileId& id) const;

 private:
  struct Hash {
    size_t operator()(const FileId& id) const;
  };

  std::unordered_map<FileId, State, Hash> states_;
};

/// How many files of a process, and how many deleted files of a scope, are
/// remembered. A process may have a million.
inline constexpr size_t kMostOpenFiles = size_t{1} << 16;

/// The memory that a path in a list takes.
size_t ListedBytes(const std::string& path);

/// Reads what a process has open, without the limit. A descriptor that cannot
/// be read is `other` and is counted in `errors`. Lists paths as far as they
/// take `most_path_bytes` of memory; lists none where that is absent. `buffer`
/// is scratch.
Result<DescriptorTable> ReadDescriptorTable(
    const procfs::ProcessHandle& process, const Deadline& deadline,
    std::optional<size_t> most_path_bytes, std::string& buffer,
    FileStates& states, ErrorTally& errors);

/// Brings up to date the table of a process that has not run since the table
/// was read: its files may have been deleted. Returns false where the table
/// must be read again. A table with failures must, so that these are counted
/// again.
bool RefreshDescriptorTable(const procfs::ProcessHandle& process,
                            FileStates& states, DescriptorTable& table);

}  // namespace leak_exporter
