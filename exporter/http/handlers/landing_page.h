#pragma once

#include <string>

#include "metrics/render/prometheus/metric_families.h"
#include "metrics/snapshot.h"

namespace leak_exporter::http {

/// Renders the page at "/": what is exported, the state of each target, and
/// links to its numbers. It is plain HTML without scripts and without resources
/// from other hosts. Texts from the outside world are escaped.
std::string LandingPage(const Snapshot& snapshot,
                        const render::ExporterStatus& status,
                        const std::string& telemetry_path);

}  // namespace leak_exporter::http
