#pragma once

#include <prometheus/metric_family.h>

#include <array>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "metrics/render/prometheus/metric_table.h"

namespace leak_exporter::render {

/// Families being filled, one a metric of the table, so that each is contiguous
/// whatever the order of the samples. The caller sees to it that no label set
/// comes twice in one family and that label values are UTF-8.
class FamilySet {
 public:
  /// A sample, with values for the table's labels in the table's order.
  void Add(MetricId id, std::initializer_list<std::string_view> label_values,
           double value);

  /// Nothing where the value is absent.
  template <typename T>
  void Add(MetricId id, std::initializer_list<std::string_view> label_values,
           const std::optional<T>& value) {
    if (value) Add(id, label_values, static_cast<double>(*value));
  }
  template <std::integral T>
  void Add(MetricId id, std::initializer_list<std::string_view> label_values,
           T value) {
    Add(id, label_values, static_cast<double>(value));
  }

  /// Makes room for that many samples more.
  void Reserve(MetricId id, size_t samples);

  /// The families that have samples, named and described by the table, in its
  /// order. Leaves the set empty.
  std::vector<prometheus::MetricFamily> Take();

 private:
  std::array<std::vector<prometheus::ClientMetric>, kMetrics> samples_;
};

}  // namespace leak_exporter::render
