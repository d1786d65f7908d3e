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
/// without a name (the text " (deleted)" can be part of a name, and a file that
/// lost one of two names holds nothing that its deletion would have freed).
/// That includes files deleted from a tmpfs: they hold that filesystem's space.
/// A memfd belongs to no filesystem that anyone mounted: it is `other`.
FileKind KindOf(const procfs::Descriptor& descriptor);

/// What one process has open.
struct DescriptorTable {
  /// A regular file, with a name or without.
  struct File {
    FileId id;
    /// 0 for one that has a name.
    uint64_t deleted_bytes = 0;
    unsigned number = 0;
    bool deleted = false;
  };

  /// Indexed by FileKind.
  std::array<uint64_t, kFileKinds> by_kind{};
  /// RLIMIT_NOFILE's soft limit; absent where it is unlimited or unknown.
  std::optional<uint64_t> limit;
  std::vector<File> files;
  /// False where there are more than can be remembered.
  bool lists_all_files = true;
  /// Something of it could not be read.
  bool has_failures = false;
  /// Of files that still have that name; main processes only.
  std::vector<std::string> paths;

  uint64_t Total() const;
};

/// Of the files that anybody in the tree has open, whether they are deleted,
/// as one discovery has seen it: what many have inherited is looked at once.
class FileStates {
 public:
  struct State {
    bool deleted = false;
    uint64_t deleted_bytes = 0;
  };

  void Clear() { states_.clear(); }
  /// Does nothing where there are too many already.
  void Set(const FileId& id, const State& state);
  const State* Find(const FileId& id) const;

 private:
  struct Hash {
    size_t operator()(const FileId& id) const;
  };

  std::unordered_map<FileId, State, Hash> states_;
};

/// How many files of a process, and deleted files of a scope, are remembered: a
/// process may have a million.
inline constexpr size_t kMostOpenFiles = size_t{1} << 16;

/// Reads what a process has open, but for its limit. Descriptors that fail are
/// `other` and counted in `errors`. `buffer` is scratch.
Result<DescriptorTable> ReadDescriptorTable(
    const procfs::ProcessHandle& process, const Deadline& deadline,
    bool list_paths, std::string& buffer, FileStates& states,
    ErrorTally& errors);

/// Brings a table up to date whose process has not run since it was read: its
/// files may have been deleted. Returns false where it must be read again, as
/// one that has failures must, so that they are not forgotten.
bool RefreshDescriptorTable(const procfs::ProcessHandle& process,
                            FileStates& states, DescriptorTable& table);

}  // namespace leak_exporter
