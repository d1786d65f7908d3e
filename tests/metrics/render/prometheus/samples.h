#pragma once

#include <prometheus/metric_family.h>

#include <iomanip>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/render/prometheus/metric_families.h"
#include "tests/limit.h"

namespace leak_exporter::render {

using Lines = std::vector<std::string>;

/// The samples of one family, as "{name=value,...} number".
inline Lines SamplesOf(const std::vector<prometheus::MetricFamily>& families,
                       std::string_view name) {
  Lines samples;
  for (const prometheus::MetricFamily& family : families) {
    if (family.name != name) continue;
    const bool is_counter = family.type == prometheus::MetricType::Counter;
    for (const prometheus::ClientMetric& sample : family.metric) {
      std::ostringstream line;
      for (const auto& label : sample.label) {
        line << (line.tellp() == 0 ? '{' : ',') << label.name << '='
             << label.value;
      }
      line << "} " << std::setprecision(17)
           << (is_counter ? sample.counter.value : sample.gauge.value);
      samples.push_back(line.str());
    }
  }
  return samples;
}

inline Lines SamplesOf(const Snapshot& snapshot, std::string_view name,
                       const config::CollectorsConfig& tops = {}) {
  return SamplesOf(BuildFamilies(LimitAtOnce(snapshot, tops)), name);
}

/// A snapshot of one target "t" with one main process.
inline Snapshot OneTarget(TargetSnapshot target) {
  target.target = "t";
  if (target.main_processes.empty()) target.main_processes = {{1, 0, {}}};
  Snapshot snapshot;
  snapshot.targets = {std::move(target)};
  return snapshot;
}

/// The same, of which nothing but this part is known.
template <typename T>
Snapshot OnePart(Part<T> TargetSnapshot::*member, T part) {
  TargetSnapshot target;
  target.*member = std::make_shared<T>(std::move(part));
  return OneTarget(std::move(target));
}

}  // namespace leak_exporter::render
