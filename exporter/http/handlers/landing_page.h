#pragma once

#include <string>

#include "metrics/render/prometheus/metric_families.h"
#include "metrics/snapshot.h"

namespace leak_exporter::http {

/// The page at "/": what is exported, how each target is doing, and where its
/// numbers are. Plain HTML that needs no script and nothing from elsewhere.
/// What the outside world chose is escaped.
std::string LandingPage(const Snapshot& snapshot,
                        const render::ExporterStatus& status,
                        const std::string& telemetry_path);

}  // namespace leak_exporter::http
