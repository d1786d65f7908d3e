#include "exporter/reload/reloader.h"

#include <chrono>
#include <utility>

namespace leak_exporter {

ConfigReloader::ConfigReloader(std::function<LoadResult()> load,
                               std::function<void(const config::Config&)> apply,
                               const Clock& clock, Logger& logger)
    : load_(std::move(load)),
      apply_(std::move(apply)),
      clock_(clock),
      logger_(logger) {
  SetState(true);
}

ReloadResult ConfigReloader::Reload() {
  const LoadResult loaded = load_();
  if (!loaded) {
    SetState(false);
    for (const std::string& mistake : loaded.error()) {
      logger_.Error("configuration not reloaded", {{"error", mistake}});
    }
    return tl::unexpected(loaded.error());
  }
  apply_(*loaded);
  SetState(true);
  logger_.Info("configuration reloaded",
               {{"targets", static_cast<uint64_t>(loaded->targets.size())}});
  return {};
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
