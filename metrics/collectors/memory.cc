#include "metrics/collectors/memory.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
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

void KeepNearest(std::optional<uint64_t> used, std::optional<uint64_t> limit,
                 std::optional<double>& nearest) {
  if (!used || !limit || *limit == 0) return;
  const double ratio = static_cast<double>(*used) / static_cast<double>(*limit);
  nearest = std::max(nearest.value_or(ratio), ratio);
}

// What the main processes may have, and how near to that they are.
class Limits {
 public:
  Limits(const CollectorContext& context, std::optional<uint64_t> physical,
         ErrorTally& errors)
      : context_(context),
        physical_(physical),
        least_(physical),
        errors_(errors) {}

  void Add(const ProcessSample& main) {
    const auto cgroups = procfs::FindLimitedCgroups(
        context_.proc_fs, *main.handle, context_.buffer);
    if (!cgroups) {
      errors_.Add(cgroups.error());
      if (!IsGone(cgroups.error())) all_known_ = false;
      return;
    }
    std::optional<uint64_t> own = physical_;
    for (const procfs::LimitedCgroup& cgroup : *cgroups) {
      KeepLeast(cgroup.limit_bytes, own);
      AddCgroup(cgroup);
    }
    KeepLeast(own, least_);
    KeepNearest(main.status.resident_bytes, own, nearest_process_);
  }

  void Finish(MemorySnapshot& memory) const {
    if (all_known_) memory.limit_bytes = least_;
    memory.limit_ratio = nearest_process_;
    memory.cgroup_limit_ratio = nearest_cgroup_;
  }

 private:
  void AddCgroup(const procfs::LimitedCgroup& cgroup) {
    if (!seen_.insert(cgroup.path).second) return;
    const auto used = procfs::ReadMemoryInUse(cgroup, context_.buffer);
    if (used) {
      KeepNearest(*used, cgroup.limit_bytes, nearest_cgroup_);
    } else {
      errors_.Add(used.error());
    }
  }

  const CollectorContext& context_;
  const std::optional<uint64_t> physical_;
  std::optional<uint64_t> least_;
  bool all_known_ = true;
  std::optional<double> nearest_process_;
  std::optional<double> nearest_cgroup_;
  std::set<std::string> seen_;
  ErrorTally& errors_;
};

}  // namespace

bool MemoryCollector::Collect(const CollectorContext& context,
                              TargetSnapshot& snapshot, ErrorTally& errors) {
  auto memory = std::make_shared<MemorySnapshot>();
  memory->usage.main = Sum(context.tree.main);
  memory->usage.children = Sum(context.tree.descendants);
  memory->peak_resident_bytes = LargestPeak(context.tree.main);
  Limits limits(context, physical_memory_bytes_, errors);
  for (const ProcessSample& process : context.tree.main) limits.Add(process);
  limits.Finish(*memory);
  snapshot.memory = std::move(memory);
  return true;
}

}  // namespace leak_exporter
