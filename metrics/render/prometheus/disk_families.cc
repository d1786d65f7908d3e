#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/base/accumulate.h"
#include "metrics/base/utf8.h"
#include "metrics/render/prometheus/sum_by_label.h"
#include "metrics/render/prometheus/target_sink.h"

namespace leak_exporter::render {
namespace {

using enum MetricId;

constexpr std::array<std::string_view, kFileKinds> kFileKindNames = {
    "file", "deleted_file", "directory",  "socket",
    "pipe", "device",       "anon_inode", "other"};

/// One configured path over the main processes that see it. Under different
/// roots it is different data, and summed; the same directory counts once. A
/// sum that lacks a directory that could not be read would look like a cache
/// that shrank, so then there is none.
class CacheSum {
 public:
  void Add(const RepositoryCache& cache) {
    KeepLeast(cache.filesystem_available_bytes, available_bytes_);
    if (!cache.usage) {
      unknown_ = unknown_ || cache.exists || !cache.error.empty();
      return;
    }
    const std::pair identity(cache.device, cache.inode);
    if (std::ranges::count(counted_, identity) != 0) return;
    counted_.push_back(identity);
    sum_.apparent_bytes += cache.usage->apparent_bytes;
    sum_.entries += cache.usage->entries;
    if (sum_.allocated_bytes && cache.usage->allocated_bytes) {
      *sum_.allocated_bytes += *cache.usage->allocated_bytes;
    } else {
      sum_.allocated_bytes.reset();
    }
  }

  /// On the fullest filesystem; absent where nothing exists.
  std::optional<uint64_t> available_bytes() const { return available_bytes_; }

  /// Absent where nothing exists or not all of it could be measured.
  std::optional<DirectoryUsage> usage() const {
    if (unknown_ || counted_.empty()) return std::nullopt;
    return sum_;
  }

 private:
  DirectoryUsage sum_{.allocated_bytes = 0};
  std::vector<std::pair<uint64_t, uint64_t>> counted_;
  bool unknown_ = false;
  std::optional<uint64_t> available_bytes_;
};

void AddOpenFilesUsage(std::string_view scope, const OpenFilesUsage& usage,
                       const TargetSink& out) {
  if (usage.by_kind) {
    for (size_t i = 0; i < kFileKinds; ++i) {
      out.families.Add(kOpenFiles, {out.target, scope, kFileKindNames[i]},
                       (*usage.by_kind)[i]);
    }
  }
  out.families.Add(kOpenFilesLimit, {out.target, scope}, usage.limit);
  out.families.Add(kOpenFilesLimitRatio, {out.target, scope},
                   usage.limit_ratio);
  out.families.Add(kDeletedFileBytes, {out.target, scope}, usage.deleted_bytes);
}

void AddRepositoryCaches(const DiskUsageSnapshot& disk, const TargetSink& out) {
  SumByLabel<CacheSum> sums;
  for (const RepositoryCache& cache : disk.repository_caches) {
    sums[RepairUtf8(cache.path)].Add(cache);
  }
  for (const auto& [path, sum] : sums.entries()) {
    out.families.Add(kRepositoryCacheFilesystemAvailableBytes,
                     {out.target, path}, sum.available_bytes());
    const std::optional<DirectoryUsage> usage = sum.usage();
    if (!usage) continue;
    out.families.Add(kRepositoryCacheBytes, {out.target, path},
                     usage->apparent_bytes);
    out.families.Add(kRepositoryCacheAllocatedBytes, {out.target, path},
                     usage->allocated_bytes);
    out.families.Add(kRepositoryCacheFiles, {out.target, path}, usage->entries);
  }
}

/// The two labels of a temporary directory as one: "21914:/tmp/tmpwc0g93bo".
std::string PidAndPath(const TemporaryDirectory& directory) {
  const std::string pid =
      directory.pid == 0 ? "" : std::to_string(directory.pid);
  return pid + ':' + RepairUtf8(directory.path);
}

void AddTemporaryDirectories(const LimitedRows<TemporaryDirectory>& directories,
                             const TargetSink& out) {
  // Those that only a glob found may have the same path under two roots.
  SumByLabel<uint64_t> sums;
  directories.ForEach([&](const TemporaryDirectory& directory) {
    sums[PidAndPath(directory)] += directory.usage->apparent_bytes;
  });
  for (const auto& [pid_and_path, bytes] : sums.entries()) {
    const std::string_view labels = pid_and_path;
    const size_t colon = labels.find(':');
    out.families.Add(
        kTemporaryDirectoryBytes,
        {out.target, labels.substr(0, colon), labels.substr(colon + 1)}, bytes);
  }
  AddDropped(kTemporaryDirectoryBytes, directories, out);
}

void AddDirectoriesInUse(const DiskUsageSnapshot& disk, const TargetSink& out) {
  if (!disk.working_directories_known) return;
  out.families.Add(kTemporaryDirectories, {out.target},
                   std::ranges::count_if(disk.temporary_directories,
                                         [](const auto& directory) {
                                           return directory.pid != 0;
                                         }));
}

}  // namespace

void AddPart(const OpenFilesSnapshot& files, const LimitedLists&,
             const TargetSink& out) {
  AddOpenFilesUsage("main", files.usage.main, out);
  AddOpenFilesUsage("children", files.usage.children, out);
}

void AddPart(const DiskUsageSnapshot& disk, const LimitedLists& lists,
             const TargetSink& out) {
  AddRepositoryCaches(disk, out);
  AddTemporaryDirectories(lists.temporary_directories, out);
  AddDirectoriesInUse(disk, out);
  out.families.Add(kTemporaryDirectoryFilesystemAvailableBytes, {out.target},
                   disk.temporary_filesystem_available_bytes);
}

}  // namespace leak_exporter::render
