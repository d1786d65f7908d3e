#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "metrics/collectors/collector.h"
#include "metrics/collectors/support/descriptor_table.h"
#include "metrics/collectors/support/kept_results.h"
#include "metrics/procfs/limits.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter {

/// Descriptors by kind, their limit, and what deleted files still hold, from
/// /proc/PID/fd. Processes that share one descriptor table (clone(2) with
/// CLONE_FILES but without CLONE_THREAD, hardly ever used) count each.
class OpenFilesCollector final : public Collector {
 public:
  CollectorId id() const override { return CollectorId::kOpenFiles; }
  bool Collect(const CollectorContext& context, TargetSnapshot& snapshot,
               ErrorTally& errors) override;

 private:
  /// The table of a descendant: the one of an earlier generation, but for what
  /// was deleted since, where it cannot have changed otherwise. Valid within
  /// the discovery.
  Result<const DescriptorTable*> TableOfChild(const CollectorContext& context,
                                              const ProcessSample& child,
                                              ErrorTally& errors);
  Result<DescriptorTable> ReadTable(const CollectorContext& context,
                                    const procfs::ProcessHandle& process,
                                    bool list_paths, ErrorTally& errors);
  Result<procfs::Limit> ReadLimit(const procfs::ProcessHandle& process);

  /// Of the descendants, where they are small; else the last one.
  KeptResults<DescriptorTable> kept_;
  DescriptorTable not_kept_;
  FileStates states_;
  bool owns_pids_ = false;
  std::string buffer_;
};

}  // namespace leak_exporter
