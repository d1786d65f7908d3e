#pragma once

#include <string>

namespace leak_exporter::render {

/// The metric table as a Markdown table: the reference in README.md.
std::string MetricReference();

}  // namespace leak_exporter::render
