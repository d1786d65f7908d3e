#pragma once

#include <sys/types.h>

#include <map>
#include <span>
#include <string>

#include "metrics/render/debug/debug_block.h"
#include "metrics/snapshot.h"

namespace leak_exporter::render {

/// The child of a target whose heap is shown besides, by the target's name.
using ShownChildren = std::map<std::string, pid_t>;

/// Returns the text of the debug blocks for each main process of each target. A
/// block has the target's name if `several_targets` are configured, or if the
/// target has several main processes. If a collector has no result, a line says
/// why. The block of a target without a process says so. A child in `shown`
/// whose heap is known has one more MEMORY block, always with its name. Texts
/// from the outside world are written by AppendPlainText(), so that no name can
/// end a line or look like a block. Reads nothing but its arguments.
/// Thread-safe.
std::string DebugBlocks(const Snapshot& snapshot,
                        std::span<const DebugBlock> profiles,
                        bool several_targets, const ShownChildren& shown = {});

}  // namespace leak_exporter::render
