#pragma once

#include <span>
#include <string>

#include "metrics/render/debug/debug_block.h"
#include "metrics/snapshot.h"

namespace leak_exporter::render {

/// The data of the debug blocks as one line of JSON in UTF-8:
///
///   {"timestamp_seconds": 1700000000.25,
///    "targets": [{
///      "target": "analyzer",
///      "processes": [{"pid": 4306, "start_time_seconds": 1699990000.25,
///        "memory_profile": {"python_version": "3.11.2",
///          "refs": [{"number": 1080, "type": "<class 'dict'>", "repr": "{"}],
///          "bytes": [...], "types": [{"number": 8804, "type": "..."}]},
///        "pid_profile": {"children": [{"pid": 21902, "comm": "python3",
///          "state": "zombie", "age_seconds": 11.75,
///          "unreaped_seconds": 3.5}]},
///        "disk_profile": {
///          "repository_caches": [{"path": "/opt/tasks/tmp", "exists": true,
///            "bytes": 300907, "allocated_bytes": 319488, "files": 12,
///            "error": null}],
///          "temporary_directories": [{"path": "/tmp/tmpwc0g93bo",
///            "pid": 21914, "bytes": 300907, "allocated_bytes": 319488,
///            "files": 12, "error": null}],
///          "open_files": ["/var/log/app.log"]},
///        "mapping_profile": {"mappings": [{"name": "anon", "bytes": 2048000}],
///          "total_bytes": 20480000}}],
///      "collectors": [{"collector": "process_tree", "success": true,
///        "duration_seconds": 0.001, "timestamp_seconds": 1700000000.25,
///        "errors": [{"cause": "permission", "count": 3, "message": "..."}]}]
///    }]}
///
/// `refs` and `bytes` have the largest objects. Every other list is whole. A
/// profile has its key only if it is asked for. Every other key is always
/// there. What could not be measured is null, and the target's `collectors` say
/// why. A byte that is not UTF-8 becomes U+FFFD. The text ends with a newline.
/// Reads nothing but its arguments. Thread-safe.
std::string BlocksJson(const Snapshot& snapshot,
                       std::span<const DebugBlock> profiles);

}  // namespace leak_exporter::render
