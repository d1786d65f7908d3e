#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/schedule/tree_source.h"
#include "metrics/collectors/collector.h"
#include "tests/fake_proc.h"

namespace leak_exporter {

/// Where a test holds up other threads. Open at first.
class Gate {
 public:
  void Close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void Pass() {
    std::unique_lock lock(mutex_);
    ++entered_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  int entered() const {
    const std::lock_guard lock(mutex_);
    return entered_;
  }
  void AwaitEntered(int times) const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return entered_ >= times; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool open_ = true;
  int entered_ = 0;
};

/// A target whose processes a test names. Thread-safe.
class FakeTarget {
 public:
  FakeTarget() { SetMain({100}); }

  void SetMain(const std::vector<pid_t>& pids) {
    ProcessTree tree;
    for (const pid_t pid : pids) {
      proc_.Write(pid, "comm", "fake");
      ProcessSample sample;
      sample.handle =
          std::make_shared<const procfs::ProcessHandle>(proc_.Open(pid));
      sample.start_time_unix_seconds = pid;
      sample.main_pid = pid;
      tree.main.push_back(std::move(sample));
    }
    const std::lock_guard lock(mutex_);
    tree_ = std::move(tree);
  }

  std::unique_ptr<TreeSource> MakeSource() {
    return std::make_unique<Source>(*this);
  }

  Gate gate;
  /// What the next walks complain of.
  std::function<void(ErrorTally&)> complain = [](ErrorTally&) {};

 private:
  class Source final : public TreeSource {
   public:
    explicit Source(FakeTarget& target) : target_(target) {}
    TargetWatch::Discovery Measure(const Clock&) override {
      target_.gate.Pass();
      TargetWatch::Discovery round;
      target_.complain(round.errors);
      const std::lock_guard lock(target_.mutex_);
      round.tree = target_.tree_;
      return round;
    }

   private:
    FakeTarget& target_;
  };

  FakeProc proc_;
  std::mutex mutex_;
  ProcessTree tree_;
};

/// What a fake collector does; outlives it, because it belongs to the test.
struct CollectorScript {
  CollectorId id = CollectorId::kTargets;
  std::optional<std::chrono::nanoseconds> interval;
  Gate gate;
  /// Called after the gate.
  std::function<bool(TargetSnapshot&, ErrorTally&)> collect =
      [](TargetSnapshot&, ErrorTally&) { return true; };
};

class FakeCollector final : public Collector {
 public:
  explicit FakeCollector(CollectorScript& script) : script_(script) {}

  CollectorId id() const override { return script_.id; }
  std::optional<std::chrono::nanoseconds> BackgroundInterval() const override {
    return script_.interval;
  }
  bool Collect(const CollectorContext&, TargetSnapshot& snapshot,
               ErrorTally& errors) override {
    script_.gate.Pass();
    return script_.collect(snapshot, errors);
  }

 private:
  CollectorScript& script_;
};

}  // namespace leak_exporter
