#pragma once

#include <cstdint>
#include <string_view>

#include "metrics/base/named_enum.h"

namespace leak_exporter {

/// What is measured of a target, in the order in which it is measured: the
/// cheapest first.
enum class CollectorId : uint8_t {
  /// No collector of its own: the search of the target's processes, which
  /// reports success, time and errors beside them.
  kTargets,
  kProcessTree,
  kMemory,
  kMappings,
  kOpenFiles,
  kSmaps,
  kDiskUsage,
  kPythonHeap,
};

/// The value of the label `collector`, of `collect[]`, and the key in the
/// configuration.
constexpr std::string_view NameOf(CollectorId id) {
  switch (id) {
    case CollectorId::kTargets:
      return "targets";
    case CollectorId::kProcessTree:
      return "process_tree";
    case CollectorId::kMemory:
      return "memory";
    case CollectorId::kMappings:
      return "mappings";
    case CollectorId::kOpenFiles:
      return "open_files";
    case CollectorId::kSmaps:
      return "smaps";
    case CollectorId::kDiskUsage:
      return "disk_usage";
    case CollectorId::kPythonHeap:
      return "python_heap";
  }
  return {};
}

}  // namespace leak_exporter
