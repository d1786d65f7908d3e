#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace leak_exporter::render {

/// The kernel's process states (task_state_array in fs/proc/array.c, proc(5))
/// as label values. States that any process may be in come first.
inline constexpr std::array<std::string_view, 12> kProcessStates = {
    "running", "sleeping", "disk_sleep", "stopped",  "zombie", "tracing_stop",
    "idle",    "dead",     "parked",     "wakekill", "waking", "unknown"};
/// How many states have a series even if no process is in the state.
inline constexpr size_t kConstantProcessStates = 5;

/// Index into kProcessStates of the kernel's letter.
size_t ProcessStateIndex(char letter);

}  // namespace leak_exporter::render
