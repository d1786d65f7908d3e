#include "exporter/schedule/measuring.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "exporter/schedule/machine_looks.h"
#include "metrics/collectors/collectors.h"
#include "metrics/targets/target_watch.h"

namespace leak_exporter {
namespace {

// For connections, logs, and what collectors open for a moment.
constexpr uint64_t kReservedDescriptors = 512;

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

MeasuringFactory MakeMeasuringFactory(const procfs::ProcFs& proc_fs,
                                      uint64_t most_descriptors,
                                      UserLookup look_up_user) {
  // Shared, because a function is copied.
  return {
      [&proc_fs, most_descriptors, look_up_user = std::move(look_up_user),
       looks = std::make_shared<MachineLooks>(proc_fs)](
          const config::TargetConfig& target, size_t targets) {
        const auto watch = std::make_shared<TargetWatch>(
            target, proc_fs, ShareOf(most_descriptors, targets), look_up_user);
        // So that the first look is one for all targets.
        if (const auto matcher = watch->MatcherForLooks()) {
          looks->Add(matcher, watch);
        }
        return [looks, watch](const SearchRequest& request) {
          return watch->Measure(request.clock, request.deadline,
                                [&](const auto& matcher, const Deadline&) {
                                  return looks->Look(matcher, watch, request);
                                });
        };
      },
      &MakeCollectors};
}

}  // namespace leak_exporter
