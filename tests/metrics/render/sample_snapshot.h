#pragma once

#include "config/config.h"
#include "metrics/render/prometheus/metric_families.h"
#include "metrics/snapshot.h"

namespace leak_exporter::render {

/// A snapshot in which every part is there, with names that the outside world
/// may choose: quotes, newlines, ill-formed UTF-8, our own "(other)".
Snapshot RichSnapshot();

/// Limits that cut something of each list of the rich snapshot.
config::CollectorsConfig RichTops();

/// Well-behaved and small: what an application looks like at its best.
Snapshot QuietSnapshot();

ExporterStatus SampleExporterStatus();

}  // namespace leak_exporter::render
