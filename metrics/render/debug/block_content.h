#pragma once

#include <sys/types.h>

#include <string>

#include "metrics/render/debug/debug_block.h"
#include "metrics/snapshot.h"

namespace leak_exporter::render {

/// Appends the lines that stand between the marks of a debug block, for one of
/// the target's main processes.
void AppendBlockContent(DebugBlock profile, const TargetSnapshot& target,
                        pid_t pid, std::string& out);

/// Appends what a MEMORY block shows of one heap.
void AppendHeap(const PythonProcess& process, std::string& out);

}  // namespace leak_exporter::render
