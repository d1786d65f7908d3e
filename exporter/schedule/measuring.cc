#include "exporter/schedule/measuring.h"

#include <algorithm>
#include <memory>

#include "exporter/schedule/tree_source.h"
#include "metrics/collectors/collectors.h"
#include "metrics/targets/target_watch.h"

namespace leak_exporter {
namespace {

// For connections, logs, and what collectors open for a moment.
constexpr uint64_t kReservedDescriptors = 512;

class WatchedTarget final : public TreeSource {
 public:
  WatchedTarget(const config::TargetConfig& target,
                const procfs::ProcFs& proc_fs, const WatchLimits& limits)
      : watch_(target, proc_fs, limits) {}

  TargetWatch::Discovery Measure(const Clock& clock) override {
    return watch_.Measure(clock);
  }

 private:
  TargetWatch watch_;
};

WatchLimits ShareOf(uint64_t most_descriptors, size_t targets) {
  WatchLimits limits;
  const uint64_t shared = most_descriptors > kReservedDescriptors
                              ? most_descriptors - kReservedDescriptors
                              : 0;
  limits.most_descriptors = std::min<uint64_t>(
      limits.most_descriptors, shared / std::max<size_t>(targets, 1));
  return limits;
}

}  // namespace

MonitorFactory MakeMonitorFactory(const procfs::ProcFs& proc_fs,
                                  uint64_t most_descriptors) {
  return {[&proc_fs, most_descriptors](const config::TargetConfig& target,
                                       size_t targets) {
            return std::make_unique<WatchedTarget>(
                target, proc_fs, ShareOf(most_descriptors, targets));
          },
          &MakeCollectors};
}

}  // namespace leak_exporter
