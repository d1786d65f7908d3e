#include "metrics/render/prometheus/metric_table.h"

#include <cctype>
#include <set>
#include <string>
#include <string_view>

#include "tests/catch.h"

namespace leak_exporter::render {
namespace {

bool IsSnakeCase(std::string_view name) {
  return !name.empty() && std::islower(static_cast<unsigned char>(name[0])) &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") ==
             std::string_view::npos;
}

std::string_view WithoutSuffix(std::string_view name, std::string_view suffix) {
  if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  return name;
}

TEST_CASE("metric table: names are unique and in snake case") {
  std::set<std::string_view> names;
  for (const Metric& metric : Metrics()) {
    INFO(metric.name);
    CHECK(IsSnakeCase(metric.name));
    CHECK(names.insert(metric.name).second);
    CHECK((metric.name.starts_with("leak_") ||
           metric.name.starts_with("process_")));
  }
}

TEST_CASE("metric table: counters end in _total and infos in _info") {
  for (const Metric& metric : Metrics()) {
    INFO(metric.name);
    CHECK((metric.kind == MetricKind::kCounter) ==
          metric.name.ends_with("_total"));
    if (metric.kind == MetricKind::kInfo) {
      CHECK(metric.name.ends_with("_info"));
      CHECK(metric.unit.empty());
    }
  }
}

TEST_CASE("metric table: the unit is the name's suffix, and stated if it is") {
  for (const Metric& metric : Metrics()) {
    INFO(metric.name);
    const std::string_view base = WithoutSuffix(metric.name, "_total");
    for (const std::string_view unit : {"bytes", "seconds"}) {
      const bool is_suffix = base.ends_with("_" + std::string(unit));
      CHECK(is_suffix == (metric.unit == unit));
    }
  }
}

TEST_CASE("metric table: every help text is one sentence or more, on a line") {
  for (const Metric& metric : Metrics()) {
    INFO(metric.name);
    CHECK(metric.help.ends_with('.'));
    CHECK(metric.help.find_first_of("\n\\\"|") == std::string_view::npos);
  }
}

TEST_CASE("metric table: what is measured of a target carries its name first") {
  for (const Metric& metric : Metrics()) {
    INFO(metric.name);
    const bool is_own = metric.name.starts_with("leak_exporter_") ||
                        metric.name.starts_with("process_");
    CHECK((metric.labels[0] == "target") == !is_own);
    bool ended = false;
    for (const std::string_view label : metric.labels) {
      CHECK((!ended || label.empty()));
      ended = ended || label.empty();
      CHECK((label.empty() || IsSnakeCase(label)));
    }
  }
}

TEST_CASE("metric table: a name finds its row, another finds none") {
  for (const Metric& metric : Metrics()) {
    CHECK(FindMetric(metric.name) == &metric);
    CHECK(&Describe(metric.id) == &metric);
  }
  for (const char* name : {"", "leak_", "leak_threads_", "zzz"}) {
    CHECK(FindMetric(name) == nullptr);
  }
}

}  // namespace
}  // namespace leak_exporter::render
