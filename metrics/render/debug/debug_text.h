#pragma once

#include <span>
#include <string>

#include "metrics/render/debug/debug_block.h"
#include "metrics/snapshot.h"

namespace leak_exporter::render {

/// The debug blocks of every target and each of its main processes, whole and
/// ready to be printed. A block carries the target's name where
/// `several_targets` are configured or the target has several main processes.
/// Where a collector has no result the block says why in a plain line, and so
/// does the block of a target without a process. What the outside world chose
/// is written as AppendPlainText does it, so that no name can end a line or
/// look like a block. Reads nothing but its arguments; thread-safe.
std::string DebugBlocks(const Snapshot& snapshot,
                        std::span<const DebugBlock> profiles,
                        bool several_targets);

}  // namespace leak_exporter::render
