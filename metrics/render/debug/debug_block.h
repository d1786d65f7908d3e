#pragma once

#include <array>

namespace leak_exporter::render {

/// The debug blocks, in the order in which they are printed.
enum class DebugBlock { kMemory, kPid, kDisk, kMapping };

inline constexpr std::array kDebugBlocks = {DebugBlock::kMemory,
                                            DebugBlock::kPid, DebugBlock::kDisk,
                                            DebugBlock::kMapping};

}  // namespace leak_exporter::render
