#include "metrics/collectors/collectors.h"

namespace leak_exporter {

std::vector<std::unique_ptr<Collector>> MakeCollectors(
    [[maybe_unused]] const config::CollectorsConfig& config) {
  std::vector<std::unique_ptr<Collector>> collectors;
  return collectors;
}

}  // namespace leak_exporter
