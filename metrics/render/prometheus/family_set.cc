#include "metrics/render/prometheus/family_set.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

namespace leak_exporter::render {
namespace {

/// prometheus-cpp knows no info; in its terms that is a gauge of 1.
prometheus::MetricType TypeOf(MetricKind kind) {
  return kind == MetricKind::kCounter ? prometheus::MetricType::Counter
                                      : prometheus::MetricType::Gauge;
}

}  // namespace

void FamilySet::Add(MetricId id,
                    std::initializer_list<std::string_view> label_values,
                    double value) {
  const Metric& metric = Describe(id);
  auto& sample = samples_[static_cast<size_t>(id)].emplace_back();
  sample.label.reserve(label_values.size());
  auto name = metric.labels.begin();
  for (const std::string_view label_value : label_values) {
    assert(name != metric.labels.end() && !name->empty());
    sample.label.push_back({std::string(*name++), std::string(label_value)});
  }
  if (metric.kind == MetricKind::kCounter) {
    sample.counter.value = value;
  } else {
    sample.gauge.value = value;
  }
}

void FamilySet::Reserve(MetricId id, size_t samples) {
  auto& family = samples_[static_cast<size_t>(id)];
  const size_t needed = family.size() + samples;
  // Growing at least twofold keeps the cost of many small calls linear.
  if (needed > family.capacity()) {
    family.reserve(std::max(needed, 2 * family.capacity()));
  }
}

std::vector<prometheus::MetricFamily> FamilySet::Take() {
  std::vector<prometheus::MetricFamily> families;
  families.reserve(kMetrics);
  for (const Metric& metric : Metrics()) {
    auto& samples = samples_[static_cast<size_t>(metric.id)];
    if (samples.empty()) continue;
    families.push_back({std::string(metric.name), std::string(metric.help),
                        TypeOf(metric.kind), std::move(samples)});
    samples.clear();
  }
  return families;
}

}  // namespace leak_exporter::render
