#include "exporter/http/handlers/shared_limits.h"

#include <utility>
#include <vector>

namespace leak_exporter::http {

void SharedLimits::Configure(const config::Config& config) {
  const std::lock_guard lock(mutex_);
  limits_.Configure(config);
}

LimitedSnapshot SharedLimits::Limit(Snapshot snapshot) {
  std::vector<RowChoice> choices;
  {
    const std::lock_guard lock(mutex_);
    choices = limits_.Choose(snapshot);
  }
  // Summing the rests needs no memory of what was, and so no lock.
  return leak_exporter::Limit(std::move(snapshot), choices);
}

}  // namespace leak_exporter::http
