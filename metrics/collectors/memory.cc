#include "metrics/collectors/memory.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "metrics/base/accumulate.h"
#include "metrics/procfs/memory_limit.h"

namespace leak_exporter {
namespace {

MemoryUsage Sum(const std::vector<ProcessSample>& processes) {
  MemoryUsage usage;
  for (const ProcessSample& process : processes) {
    const procfs::Status& status = process.status;
    AddTo(status.threads, usage.threads);
    AddTo(status.resident_bytes, usage.resident_bytes);
    AddTo(status.anonymous_bytes, usage.anonymous_bytes);
    AddTo(status.file_bytes, usage.file_bytes);
    AddTo(status.shared_bytes, usage.shared_bytes);
    AddTo(status.swap_bytes, usage.swap_bytes);
  }
  return usage;
}

std::optional<uint64_t> LargestPeak(
    const std::vector<ProcessSample>& processes) {
  std::optional<uint64_t> peak;
  for (const ProcessSample& process : processes) {
    // An absent value is less than any other.
    peak = std::max(peak, process.status.peak_resident_bytes);
  }
  return peak;
}

}  // namespace

bool MemoryCollector::Collect(const CollectorContext& context,
                              TargetSnapshot& snapshot, ErrorTally& errors) {
  auto memory = std::make_shared<MemorySnapshot>();
  memory->usage.main = Sum(context.tree.main);
  memory->usage.children = Sum(context.tree.descendants);
  memory->peak_resident_bytes = LargestPeak(context.tree.main);
  memory->limit_bytes = Limit(context, errors);
  snapshot.memory = std::move(memory);
  return true;
}

std::optional<uint64_t> MemoryCollector::Limit(const CollectorContext& context,
                                               ErrorTally& errors) {
  std::optional<uint64_t> least = physical_memory_bytes_;
  for (const ProcessSample& process : context.tree.main) {
    const auto limit =
        procfs::ReadMemoryLimit(context.proc_fs, *process.handle, buffer_);
    if (limit) {
      KeepLeast(*limit, least);
    } else {
      errors.Add(limit.error());
    }
  }
  return least;
}

}  // namespace leak_exporter
