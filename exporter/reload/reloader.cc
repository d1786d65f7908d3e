#include "exporter/reload/reloader.h"

#include <iterator>
#include <utility>
#include <vector>

namespace leak_exporter {

ConfigReloader::ConfigReloader(ReloadSteps steps, const Clock& clock,
                               Logger& logger)
    : steps_(std::move(steps)),
      clock_(clock),
      logger_(logger),
      load_(steps_.load, steps_.start_thread) {
  SetState(true);
}

void ConfigReloader::Step() {
  auto requests = queue_.TakeAll();
  std::move(requests.begin(), requests.end(), std::back_inserter(next_));
  // What comes after its deadline was given up.
  const auto loaded = load_.Take();
  if (deadline_ && loaded) End(*loaded);
  if (deadline_ && clock_.Now() >= *deadline_) End(NotInTime());
  if (!deadline_ && (requested_ || !next_.empty())) Begin();
}

void ConfigReloader::Begin() {
  requested_ = false;
  current_ = std::exchange(next_, {});
  deadline_ = clock_.Now() + steps_.patience;
  steps_.began();
  if (load_.outstanding()) return End(NotInTime());
  const auto begun = load_.Begin();
  if (!begun) End(tl::unexpected(std::vector{begun.error().message}));
}

void ConfigReloader::End(const LoadResult& loaded) {
  deadline_.reset();
  const ReloadResult result = Apply(loaded);
  for (auto& request : std::exchange(current_, {})) request.set_value(result);
  steps_.ended();
}

ReloadResult ConfigReloader::Apply(const LoadResult& loaded) {
  if (!loaded) {
    SetState(false);
    for (const std::string& mistake : loaded.error()) {
      logger_.Error("configuration not reloaded", {{"error", mistake}});
    }
    return tl::unexpected(loaded.error());
  }
  steps_.apply(*loaded);
  SetState(true);
  logger_.Info("configuration reloaded",
               {{"targets", static_cast<uint64_t>(loaded->targets.size())}});
  return {};
}

LoadResult ConfigReloader::NotInTime() const {
  return tl::unexpected(
      std::vector<std::string>{steps_.file + ": not read within " +
                               std::to_string(steps_.patience.count()) + " s"});
}

void ConfigReloader::Close() {
  auto taken = std::exchange(current_, {});
  std::move(next_.begin(), next_.end(), std::back_inserter(taken));
  next_.clear();
  queue_.Close(std::move(taken));
}

ConfigReloader::State ConfigReloader::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void ConfigReloader::SetState(bool successful) {
  const std::lock_guard lock(mutex_);
  state_.last_successful = successful;
  if (!successful) return;
  state_.last_success_unix_seconds =
      std::chrono::duration<double>(clock_.WallTime().time_since_epoch())
          .count();
}

}  // namespace leak_exporter
