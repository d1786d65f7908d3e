#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace leak_exporter::config {

/// The conditions that decide which processes a target means. Every condition
/// that is given, that is not empty, must hold. Several values of one condition
/// are alternatives.
struct MatchConfig {
  std::vector<pid_t> pids;
  std::vector<std::string> pid_files;
  /// Compared with the whole of the kernel's comm (at most 15 bytes).
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
  /// Whether to measure the directories that children work in.
  bool children_working_directories = true;
  /// Globs of further directories, resolved through the target's own root.
  std::vector<std::string> paths;

  bool operator==(const TemporaryDirectoriesConfig&) const = default;
};

struct TargetConfig {
  /// The value of the label `target`. Unique.
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
  /// Whether to read PSS and USS from smaps_rollup. Off by default, because the
  /// target's mmap calls wait while the kernel walks its page tables.
  bool smaps = false;
  std::chrono::nanoseconds smaps_interval = std::chrono::minutes(5);
  uint64_t smaps_max_resident_bytes = uint64_t{4} << 30;

  bool operator==(const MemoryConfig&) const = default;
};

struct MappingsConfig {
  bool enabled = true;
  /// The default is written 1000kB, in the kernel's kB of 1024 bytes, as
  /// pmap(1) counts.
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
  /// Whether debug blocks show reprs of objects, and not only their types.
  bool values = true;
  /// Whether to stop the target while its memory is copied.
  bool freeze = false;
  /// Whether the heaps of descendants are measured, and not only those of main
  /// processes.
  bool children = true;
  /// The children whose own lists of types are kept.
  size_t max_processes = 64;
  /// The share of one core that all walks of the exporter may take together.
  double cpu_share = 0.05;

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

/// Which profiles are printed, and where. A profile is printed at its interval,
/// if it has one.
struct DebuggingConfig {
  std::optional<std::chrono::nanoseconds> memory_profile_interval;
  std::optional<std::chrono::nanoseconds> pid_profile_interval;
  std::optional<std::chrono::nanoseconds> disk_profile_interval;
  std::optional<std::chrono::nanoseconds> mapping_profile_interval;
  /// The path of the file that blocks are appended to. Empty means standard
  /// output.
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
