#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "metrics/collectors/collector.h"
#include "metrics/collectors/support/descriptor_table.h"
#include "metrics/collectors/support/kept_results.h"
#include "metrics/procfs/limits.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter {

/// Measures open descriptors by kind, their limit, and the space that deleted
/// files still hold, from /proc/PID/fd. Where processes share one descriptor
/// table (clone(2) with CLONE_FILES but without CLONE_THREAD, which is hardly
/// ever used), each of them counts.
class OpenFilesCollector final : public Collector {
 public:
  CollectorId id() const override { return CollectorId::kOpenFiles; }
  bool Collect(const CollectorContext& context, TargetSnapshot& snapshot,
               ErrorTally& errors) override;

 private:
  /// The table of a descendant. A table from an earlier discovery, brought up
  /// to date for files that were deleted since, serves where it cannot have
  /// changed otherwise. Valid until the next call.
  Result<const DescriptorTable*> TableOfChild(const CollectorContext& context,
                                              const ProcessSample& child,
                                              ErrorTally& errors);
  Result<DescriptorTable> ReadTable(const CollectorContext& context,
                                    const procfs::ProcessHandle& process,
                                    std::optional<size_t> most_path_bytes,
                                    ErrorTally& errors);
  Result<procfs::Limit> ReadLimit(const procfs::ProcessHandle& process,
                                  std::string& buffer);

  /// The tables of the descendants, as far as they are small.
  KeptResults<DescriptorTable> kept_;
  /// How many files they have in all.
  size_t kept_files_ = 0;
  /// The last table that was too large to be kept.
  DescriptorTable not_kept_;
  FileStates states_;
  bool owns_pids_ = false;
};

}  // namespace leak_exporter
