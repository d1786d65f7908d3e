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

/// Collects samples, with one family for each metric of the table. Samples may
/// be added in any order. The caller must not add a label set twice to one
/// family, and its label values must be UTF-8.
class FamilySet {
 public:
  /// Adds a sample. Label values are in the order of the table's labels.
  void Add(MetricId id, std::initializer_list<std::string_view> label_values,
           double value);

  /// Adds nothing if the value is absent.
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

  /// Makes room for `samples` more samples.
  void Reserve(MetricId id, size_t samples);

  /// Returns the families that have samples, in the order of the table. Leaves
  /// the set empty.
  std::vector<prometheus::MetricFamily> Take();

 private:
  std::array<std::vector<prometheus::ClientMetric>, kMetrics> samples_;
};

}  // namespace leak_exporter::render
