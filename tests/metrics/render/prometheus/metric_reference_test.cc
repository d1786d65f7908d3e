#include "metrics/render/prometheus/metric_reference.h"

#include <algorithm>
#include <string>

#include "metrics/render/prometheus/metric_table.h"
#include "tests/catch.h"

namespace leak_exporter::render {
namespace {

TEST_CASE("metric reference: a Markdown table with a row for each metric") {
  const std::string text = MetricReference();
  CHECK(text.starts_with(
      "| Metric | Type | Labels | Meaning |\n|---|---|---|---|\n"));
  CHECK(static_cast<size_t>(std::ranges::count(text, '\n')) == kMetrics + 2);
  CHECK(static_cast<size_t>(std::ranges::count(text, '|')) ==
        5 * (kMetrics + 2));
}

TEST_CASE("metric reference: a row says kind, labels and meaning") {
  const std::string text = MetricReference();
  for (const char* row :
       {"\n| `leak_mapping_bytes` | gauge | `target` `mapping` | Size of ",
        "\n| `leak_python_gc_collections_total` | counter | `target` `scope` "
        "`generation` | ",
        "\n| `leak_exporter_build_info` | info | `version` `revision` "
        "`compiler` | The exporter's build. |\n",
        "\n| `process_open_fds` | gauge |  | Open file descriptors of the "
        "exporter. |\n"}) {
    CHECK_THAT(text, ContainsSubstring(row));
  }
}

}  // namespace
}  // namespace leak_exporter::render
