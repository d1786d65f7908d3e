#pragma once

#include <array>

namespace leak_exporter::render {

/// The debug blocks, in the order in which they come when several are asked
/// for.
enum class Profile { kMemory, kPid, kDisk, kMapping };

inline constexpr std::array kProfiles = {Profile::kMemory, Profile::kPid,
                                         Profile::kDisk, Profile::kMapping};

}  // namespace leak_exporter::render
