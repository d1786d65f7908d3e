#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/collectors/collector.h"
#include "metrics/collectors/kept_results.h"
#include "metrics/procfs/fd.h"

namespace leak_exporter {

/// The kind that a descriptor counts as. A deleted file is a regular file
/// without a name (the text " (deleted)" can be part of a name, and a file that
/// lost one of two names holds nothing that its deletion would have freed).
/// That includes files deleted from a tmpfs: they hold that filesystem's space.
/// A memfd belongs to no filesystem that anyone mounted: it is `other`.
FileKind KindOf(const procfs::Descriptor& descriptor);

/// What one process has open.
struct DescriptorTable {
  struct DeletedFile {
    uint64_t device = 0;
    uint64_t inode = 0;
    uint64_t allocated_bytes = 0;
  };

  /// Indexed by FileKind.
  std::array<uint64_t, kFileKinds> by_kind{};
  /// RLIMIT_NOFILE's soft limit; absent where it is unlimited or unknown.
  std::optional<uint64_t> limit;
  std::vector<DeletedFile> deleted;
  /// Of regular files that still have that name; main processes only.
  std::vector<std::string> paths;

  /// Files are deleted and grow without their holder's doing; the rest of the
  /// table changes only while the process itself runs.
  bool HoldsFiles() const;
  uint64_t Total() const;
};

/// Descriptors by kind, their limit, and what deleted files still hold, from
/// /proc/PID/fd. Processes that share one descriptor table (clone(2) with
/// CLONE_FILES but without CLONE_THREAD, hardly ever used) count each.
class OpenFilesCollector final : public Collector {
 public:
  std::string_view name() const override { return "open_files"; }
  bool Collect(const CollectorContext& context, TargetSnapshot& snapshot,
               ErrorTally& errors) override;

 private:
  /// The table of a descendant: the one of an earlier round where it cannot
  /// have changed since. Valid within the round.
  Result<const DescriptorTable*> TableOfChild(const CollectorContext& context,
                                              const ProcessSample& child,
                                              ErrorTally& errors);
  Result<DescriptorTable> ReadTable(const CollectorContext& context,
                                    const procfs::ProcessHandle& process,
                                    bool list_paths, ErrorTally& errors);
  std::optional<uint64_t> ReadLimit(const procfs::ProcessHandle& process,
                                    ErrorTally& errors);

  /// Of the descendants.
  KeptResults<DescriptorTable> kept_;
  bool owns_pids_ = false;
  std::string buffer_;
};

}  // namespace leak_exporter
