#pragma once

#include <sys/types.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "metrics/base/collector_id.h"
#include "metrics/base/directory_usage.h"
#include "metrics/base/error_tally.h"

/// The plain data that everything meets at: collectors fill it, renderers read
/// it. What could not be measured is absent, never 0. Names say the units.
/// Lists are whole, up to the bounds that their collectors have; metrics/limits
/// says which of their rows have series of their own.
namespace leak_exporter {

/// One value for the main processes and one for their descendants.
template <typename T>
struct ByScope {
  T main;
  T children;
};

/// A main process: one that the target's rules match.
struct MainProcess {
  pid_t pid = 0;
  /// In hundredths of a second. It never changes while the process lives.
  double start_time_unix_seconds = 0;
  /// Tells the process from a later one with its pid, however the wall clock is
  /// set.
  std::chrono::nanoseconds start_since_boot{};
};

/// A descendant of a main process.
struct ChildProcess {
  pid_t pid = 0;
  /// The main process that it descends from.
  pid_t main_pid = 0;
  /// The kernel's letter (proc(5), field 3 of stat): R S D T t Z X I …
  char state = '?';
  /// The time since its start, on the clock that includes suspend.
  double age_seconds = 0;
  /// Raw bytes of the kernel's comm: may hold anything but NUL.
  std::string comm;
  /// For a zombie, the time since the exporter first saw it as one.
  std::optional<double> unreaped_seconds;
};

/// The container or pod that a main process runs in.
struct Container {
  pid_t main_pid = 0;
  /// The id of the innermost container, as its runtime writes it. Empty if only
  /// the pod is known.
  std::string id;
  /// Kubernetes's uid of the pod, with dashes. Empty outside of a pod.
  std::string pod_uid;
  /// The cgroup path that both were read from.
  std::string cgroup;
};

struct ProcessTreeSnapshot {
  /// Every descendant, zombies included, oldest first.
  std::vector<ChildProcess> children;
  /// One for each main process that runs in a container or pod.
  std::vector<Container> containers;
};

/// Sums over the processes of a scope. A sum is absent if no process has its
/// line in status: kernel threads and zombies have no Vm lines, and old kernels
/// no RssAnon.
struct MemoryUsage {
  std::optional<uint64_t> threads;
  std::optional<uint64_t> resident_bytes;
  std::optional<uint64_t> anonymous_bytes;
  std::optional<uint64_t> file_bytes;
  std::optional<uint64_t> shared_bytes;
  std::optional<uint64_t> swap_bytes;
};

struct MemorySnapshot {
  ByScope<MemoryUsage> usage;
  /// The largest VmHWM among the main processes.
  std::optional<uint64_t> peak_resident_bytes;
  /// The least memory that a main process may have. Limits are those of its
  /// cgroups and the machine's memory.
  std::optional<uint64_t> limit_bytes;
  /// Of the main process nearest to its own limit: VmRSS by limit.
  std::optional<double> limit_ratio;
  /// Of the cgroup above a main process that is nearest to its limit: memory in
  /// use, without cached pages that would be dropped first, by limit.
  std::optional<double> cgroup_limit_ratio;
};

/// Sums from smaps_rollup. Absent if no process of the scope could be read.
struct ProportionalMemory {
  std::optional<uint64_t> proportional_bytes;
  std::optional<uint64_t> unique_bytes;
};

struct ProportionalMemorySnapshot {
  ByScope<ProportionalMemory> usage;
};

struct NamedBytes {
  std::string name;
  uint64_t bytes = 0;
};

/// The mappings of one main process that are over the threshold, smallest
/// first.
struct ProcessMappings {
  pid_t pid = 0;
  std::vector<NamedBytes> mappings;
  /// Size of all its mappings, as pmap's last line gives it.
  uint64_t total_bytes = 0;
};

struct MappingsSnapshot {
  std::vector<ProcessMappings> processes;
  /// The mappings over the threshold, summed by name over the main processes,
  /// largest first.
  std::vector<NamedBytes> by_name;
  /// The size of the mappings over the threshold that have no entry in the
  /// list, because there was no room for more names.
  uint64_t nameless_bytes = 0;
  /// The number of mappings over the threshold that are called "anon". Absent
  /// if no main process could be read.
  std::optional<uint64_t> anonymous_count;
  /// The number of mappings of the process that has most, by scope.
  ByScope<std::optional<uint64_t>> count;
  /// vm.max_map_count.
  std::optional<uint64_t> limit;
};

/// What a descriptor refers to, in the order of the label values.
enum class FileKind {
  kFile,
  kDeletedFile,
  kDirectory,
  kSocket,
  kPipe,
  kDevice,
  kAnonInode,
  kOther,
};
inline constexpr size_t kFileKinds = 8;

struct OpenFilesUsage {
  /// Indexed by FileKind. Absent if no process of the scope could be read.
  std::optional<std::array<uint64_t, kFileKinds>> by_kind;
  /// The soft RLIMIT_NOFILE of the process that is nearest to its limit.
  std::optional<uint64_t> limit;
  /// The disk space of deleted files (st_blocks * 512). Each inode counts once.
  std::optional<uint64_t> deleted_bytes;
  /// The descriptors of the process that is nearest to its limit, divided by
  /// that limit.
  std::optional<double> limit_ratio = std::nullopt;
};

/// The regular files that a main process has open. Deleted files are left out.
/// Paths are sorted, and each is there once.
struct ProcessOpenFiles {
  pid_t pid = 0;
  std::vector<std::string> paths;
};

struct OpenFilesSnapshot {
  ByScope<OpenFilesUsage> usage;
  std::vector<ProcessOpenFiles> processes;
};

/// One configured path, as one main process sees it.
struct RepositoryCache {
  /// The path as it is configured.
  std::string path;
  /// The main process through whose root the path was resolved.
  pid_t main_pid = 0;
  bool exists = false;
  /// st_dev and st_ino, if the directory exists. A directory that is reached
  /// through two main processes counts once.
  uint64_t device = 0;
  uint64_t inode = 0;
  /// Absent if the directory does not exist or could not be read whole.
  std::optional<DirectoryUsage> usage;
  std::string error;
  /// The room on its filesystem for users without privileges.
  std::optional<uint64_t> filesystem_available_bytes = std::nullopt;
};

struct TemporaryDirectory {
  /// The oldest child that works there. 0 if only a glob found the directory.
  pid_t pid = 0;
  pid_t main_pid = 0;
  /// The path as the target sees it.
  std::string path;
  std::optional<DirectoryUsage> usage;
  std::string error;
};

struct DiskUsageSnapshot {
  std::vector<RepositoryCache> repository_caches;
  /// The room on the filesystem that has least, among the filesystems of the
  /// temporary directories.
  std::optional<uint64_t> temporary_filesystem_available_bytes;
  /// Each directory once, largest first. Directories without a size come last.
  std::vector<TemporaryDirectory> temporary_directories;
  /// Whether the working directories of children are in the list. They are not
  /// if that is switched off, or if no child may be looked at.
  bool working_directories_known = true;
};

struct PythonTypeUsage {
  /// What repr(type) shows between the quotes.
  std::string name;
  uint64_t objects = 0;
  /// The sum of sys.getsizeof(). Absent if it is not known for every object.
  std::optional<uint64_t> bytes;
  /// The type as repr() shows it: "<class 'dict'>".
  std::string repr = {};
};

/// One generation of the collector's own statistics (gc.get_stats()).
struct PythonGenerationStats {
  uint64_t collections = 0;
  uint64_t collected = 0;
  uint64_t uncollectable = 0;
};

/// One of the largest objects, and the number that it is ranked by.
struct PythonObjectRow {
  uint64_t number = 0;
  /// "<class 'dict'>"
  std::string type_repr;
  /// At most 100 characters.
  std::string repr;
};

/// One main process that is a CPython and could be read.
struct PythonProcess {
  pid_t pid = 0;
  /// "3.11.2"
  std::string version;
  std::vector<PythonObjectRow> by_references;
  std::vector<PythonObjectRow> by_bytes;
  /// Each name is there once. The type with most objects comes first.
  std::vector<PythonTypeUsage> types;
  /// Why no object has a size or references. Empty if objects have them.
  std::string unknown_sizes = {};
};

/// What the interpreters of a process, or of several, say of themselves.
struct PythonInterpreterState {
  /// Indexed by generation.
  std::vector<PythonGenerationStats> generations;
  std::optional<uint64_t> modules;
  /// gc.get_count(): for each generation, what counts towards its next
  /// collection.
  std::vector<int64_t> gc_counts;
  /// gc.get_freeze_count(): the objects that gc.freeze() put aside.
  std::optional<uint64_t> permanent_objects;
  std::optional<uint64_t> arena_bytes;
  std::optional<uint64_t> arena_used_bytes;
};

/// Sums over the Python processes of a scope.
struct PythonHeapSums : PythonInterpreterState {
  /// Each name is there once, and the type with most objects comes first.
  std::vector<PythonTypeUsage> types;
  /// The same for objects that the garbage collector does not track.
  std::vector<PythonTypeUsage> untracked;
  double walk_duration_seconds = 0;
  bool walk_complete = false;
};

/// How many Python processes a scope has, and how old the sums over them are.
struct PythonCensus {
  /// Each process has one, and further ones if it has sub-interpreters.
  size_t interpreters = 0;
  /// Processes that were found and not read yet.
  size_t unread = 0;
  /// The Unix time of the oldest walk that the sums hold.
  std::optional<double> oldest_walk;
};

/// What one Python process holds.
struct PythonProcessUsage {
  pid_t pid = 0;
  bool is_main = false;
  std::string version;
  uint64_t objects = 0;
  /// Absent if the sizes of some objects are not known.
  std::optional<uint64_t> bytes;
  /// Tells it from a later process with its pid.
  uint64_t start_time_ticks = 0;
};

struct PythonHeapSnapshot {
  /// The main processes, sorted by pid.
  std::vector<PythonProcess> processes;
  /// The children that hold most objects, most first.
  std::vector<PythonProcess> children;
  /// Every process that was read, most objects first.
  std::vector<PythonProcessUsage> usage;
  /// Absent for a scope in which no Python process was read.
  ByScope<std::optional<PythonHeapSums>> sums;
  ByScope<PythonCensus> census;
};

/// The record of one collector's last run on a target.
struct CollectorRun {
  CollectorId collector = CollectorId::kTargets;
  bool success = false;
  double duration_seconds = 0;
  /// When the served result was measured. Absent if there is no result yet.
  std::optional<double> timestamp_unix_seconds;
  std::vector<CollectorError> errors;
  /// Remarks that are no failures. Each is logged once.
  std::vector<std::string> notes = {};
};

/// A part of a snapshot, null where it is absent. Shared, because a result that
/// is expensive to measure is served until the next one is there.
template <typename T>
using Part = std::shared_ptr<const T>;

struct TargetSnapshot {
  std::string target;
  std::vector<MainProcess> main_processes;
  Part<ProcessTreeSnapshot> process_tree;
  Part<MemorySnapshot> memory;
  Part<ProportionalMemorySnapshot> proportional_memory;
  Part<MappingsSnapshot> mappings;
  Part<OpenFilesSnapshot> open_files;
  Part<DiskUsageSnapshot> disk_usage;
  Part<PythonHeapSnapshot> python_heap;
  std::vector<CollectorRun> runs;
};

/// Whether the list of main processes can be relied on. It cannot if it is
/// empty because the search for them failed.
inline bool AreMainProcessesKnown(const TargetSnapshot& target) {
  return !target.main_processes.empty() ||
         std::ranges::none_of(target.runs, [](const CollectorRun& run) {
           return run.collector == CollectorId::kTargets && !run.success;
         });
}

/// Calls `visit` with the collector and the member of each part.
template <typename Visit>
constexpr void ForEachPart(Visit visit) {
  visit(CollectorId::kProcessTree, &TargetSnapshot::process_tree);
  visit(CollectorId::kMemory, &TargetSnapshot::memory);
  visit(CollectorId::kMappings, &TargetSnapshot::mappings);
  visit(CollectorId::kOpenFiles, &TargetSnapshot::open_files);
  visit(CollectorId::kSmaps, &TargetSnapshot::proportional_memory);
  visit(CollectorId::kDiskUsage, &TargetSnapshot::disk_usage);
  visit(CollectorId::kPythonHeap, &TargetSnapshot::python_heap);
}

static_assert(
    [] {
      size_t visits = 0;
      ForEachPart([&](CollectorId, auto) { ++visits; });
      return sizeof(TargetSnapshot) ==
             visits * sizeof(TargetSnapshot::memory) +
                 sizeof(TargetSnapshot::target) +
                 sizeof(TargetSnapshot::main_processes) +
                 sizeof(TargetSnapshot::runs);
    }(),
    "ForEachPart does not visit every part of TargetSnapshot");
static_assert(
    [] {
      std::array<size_t, kCountOf<CollectorId>> parts{};
      ForEachPart(
          [&](CollectorId id, auto) { ++parts[static_cast<size_t>(id)]; });
      parts[static_cast<size_t>(CollectorId::kTargets)] += 1;
      return std::ranges::all_of(parts, [](size_t n) { return n == 1; });
    }(),
    "ForEachPart does not visit one part for each collector");

struct Snapshot {
  std::vector<TargetSnapshot> targets;
  double timestamp_unix_seconds = 0;
};

}  // namespace leak_exporter
