#include <cstddef>
#include <iostream>
#include <span>
#include <string_view>

#include "metrics/render/prometheus/metric_reference.h"
#include "metrics/render/prometheus/metric_table.h"

/// Prints the metric table as Markdown, or with --names the names alone, one a
/// line. README.md and the checks of dashboards and rules are made from it.
int main(int argc, char** argv) {
  const std::span arguments(argv, static_cast<size_t>(argc));
  if (arguments.size() == 1) {
    std::cout << leak_exporter::render::MetricReference();
    return 0;
  }
  if (arguments.size() == 2 && std::string_view(arguments[1]) == "--names") {
    for (const auto& metric : leak_exporter::render::Metrics()) {
      std::cout << metric.name << '\n';
    }
    return 0;
  }
  std::cerr << "usage: metrics_reference [--names]\n";
  return 2;
}
