#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace leak_exporter::config {

/// Which processes a target means. Every condition that is given (not empty)
/// must hold; several values of one condition are alternatives.
struct MatchConfig {
  std::vector<pid_t> pids;
  std::vector<std::string> pid_files;
  /// Exactly the kernel's comm (at most 15 bytes).
  std::vector<std::string> comms;
  /// Globs (fnmatch(3) without FNM_PATHNAME) on the executable's path.
  std::vector<std::string> exes;
  /// RE2 patterns, searched in the arguments joined by spaces.
  std::vector<std::string> cmdlines;
  /// User names or numeric uids, compared with the effective uid.
  std::vector<std::string> users;
  std::vector<std::string> systemd_units;
  /// Globs on the container id found in the cgroup path.
  std::vector<std::string> containers;

  bool operator==(const MatchConfig&) const = default;
};

struct TemporaryDirectoriesConfig {
  /// What each child has as its working directory.
  bool children_working_directories = true;
  /// Globs besides, resolved through the target's own root.
  std::vector<std::string> paths;

  bool operator==(const TemporaryDirectoriesConfig&) const = default;
};

struct TargetConfig {
  /// Value of the label `target`; unique.
  std::string name;
  MatchConfig match;
  std::vector<std::string> repository_caches;
  TemporaryDirectoriesConfig temporary_directories;

  bool operator==(const TargetConfig&) const = default;
};

struct ProcessTreeConfig {
  bool enabled = true;
  size_t top = 20;

  bool operator==(const ProcessTreeConfig&) const = default;
};

struct MemoryConfig {
  bool enabled = true;
  /// PSS and USS from smaps_rollup. Off: reading it stalls the target's mmap
  /// calls for as long as the kernel walks its page tables.
  bool smaps = false;
  std::chrono::nanoseconds smaps_interval = std::chrono::minutes(5);
  uint64_t smaps_max_resident_bytes = uint64_t{4} << 30;

  bool operator==(const MemoryConfig&) const = default;
};

struct MappingsConfig {
  bool enabled = true;
  /// kB are the kernel's, as in pmap: 1000kB is 1000 * 1024 bytes here.
  uint64_t threshold_bytes = uint64_t{1000} * 1024;
  size_t top = 20;

  bool operator==(const MappingsConfig&) const = default;
};

struct OpenFilesConfig {
  bool enabled = true;

  bool operator==(const OpenFilesConfig&) const = default;
};

struct DiskUsageConfig {
  bool enabled = true;
  std::chrono::nanoseconds min_interval = std::chrono::minutes(1);
  size_t top = 20;
  bool one_filesystem = true;

  bool operator==(const DiskUsageConfig&) const = default;
};

struct PythonHeapConfig {
  bool enabled = true;
  std::chrono::nanoseconds min_interval = std::chrono::seconds(30);
  size_t top = 50;
  /// Print reprs of objects in debug blocks, not only their types.
  bool values = true;
  /// Stop the target while its memory is copied.
  bool freeze = false;

  bool operator==(const PythonHeapConfig&) const = default;
};

struct CollectorsConfig {
  ProcessTreeConfig process_tree;
  MemoryConfig memory;
  MappingsConfig mappings;
  OpenFilesConfig open_files;
  DiskUsageConfig disk_usage;
  PythonHeapConfig python_heap;

  bool operator==(const CollectorsConfig&) const = default;
};

/// Each profile that has an interval is printed at it.
struct DebuggingConfig {
  std::optional<std::chrono::nanoseconds> memory_profile_interval;
  std::optional<std::chrono::nanoseconds> pid_profile_interval;
  std::optional<std::chrono::nanoseconds> disk_profile_interval;
  std::optional<std::chrono::nanoseconds> mapping_profile_interval;
  /// Path of the file blocks are appended to; empty is standard output.
  std::string output;

  bool operator==(const DebuggingConfig&) const = default;
};

struct Config {
  std::vector<TargetConfig> targets;
  CollectorsConfig collectors;
  DebuggingConfig debugging;

  bool operator==(const Config&) const = default;
};

}  // namespace leak_exporter::config
