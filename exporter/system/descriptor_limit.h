#pragma once

#include <cstdint>

namespace leak_exporter {

/// Raises the process's soft limit of open descriptors (RLIMIT_NOFILE) to the
/// hard one: the exporter keeps a descriptor for each process of a target.
/// Returns the soft limit that holds afterwards, 0 where it cannot be read.
uint64_t RaiseDescriptorLimit();

}  // namespace leak_exporter
