#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "exporter/schedule/waitable_clock.h"
#include "metrics/base/deadline.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/targets/machine_look.h"
#include "metrics/targets/machine_watch.h"
#include "metrics/targets/matcher.h"

namespace leak_exporter {

/// What a search is asked for, and by when.
struct SearchRequest {
  const WaitableClock& clock;
  const Deadline& deadline;
  /// When the measurement was asked for. What was read since then is new
  /// enough.
  std::chrono::steady_clock::time_point asked{};
};

/// Looks at the machine for all targets that ask at the same time: one thread
/// looks, the others wait and share what it saw. Thread-safe.
class MachineLooks {
 public:
  /// `proc_fs` must outlive the object.
  explicit MachineLooks(const procfs::ProcFs& proc_fs) : watch_(proc_fs) {}

  /// Has the looks from now on judge by this matcher, as long as `target`
  /// lives.
  void Add(const std::shared_ptr<const Matcher>& matcher,
           const std::weak_ptr<const void>& target);

  /// A look that judges by this matcher, which is added unless it was. Null if
  /// there is none before the request's deadline.
  std::shared_ptr<const MachineLook> Look(
      const std::shared_ptr<const Matcher>& matcher,
      const std::weak_ptr<const void>& target, const SearchRequest& request);

 private:
  using Lock = std::unique_lock<std::mutex>;

  struct Interest {
    std::shared_ptr<const Matcher> matcher;
    std::weak_ptr<const void> target;
  };

  void AddLocked(const std::shared_ptr<const Matcher>& matcher,
                 const std::weak_ptr<const void>& target);
  RuleBook::Rules LivingRules();
  std::shared_ptr<const MachineLook> LookNow(Lock& lock,
                                             const SearchRequest& request);

  std::mutex mutex_;
  std::condition_variable ended_;
  /// The looks that have ended.
  uint64_t looks_ = 0;
  bool looking_ = false;
  std::shared_ptr<const MachineLook> last_;
  std::vector<Interest> interests_;
  /// For the thread that looks.
  MachineWatch watch_;
};

}  // namespace leak_exporter
