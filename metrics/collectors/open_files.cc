#include "metrics/collectors/open_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <utility>

#include "metrics/procfs/limits.h"

namespace leak_exporter {
namespace {

using procfs::Descriptor;

// What a process with a million files may cost in memory.
constexpr size_t kMostPaths = size_t{1} << 16;
constexpr size_t kMostDeletedFiles = size_t{1} << 16;

constexpr std::string_view kDeletedSuffix = " (deleted)";

size_t Index(FileKind kind) { return static_cast<size_t>(kind); }

FileKind KindOfUnnamed(std::string_view target) {
  return target.starts_with("anon_inode:") ? FileKind::kAnonInode
                                           : FileKind::kOther;
}

FileKind KindOfRegular(const Descriptor& descriptor) {
  const std::string_view target = descriptor.target;
  if (!target.empty() && target.front() != '/') return KindOfUnnamed(target);
  if (descriptor.links > 0) return FileKind::kFile;
  return target.starts_with("/memfd:") ? FileKind::kOther
                                       : FileKind::kDeletedFile;
}

// How near to its limit, for comparison only.
double Fullness(uint64_t open, uint64_t limit) {
  if (limit == 0) return std::numeric_limits<double>::infinity();
  return static_cast<double>(open) / static_cast<double>(limit);
}

// Sums over the processes of a scope.
class Scope {
 public:
  explicit Scope(ErrorTally& errors) : errors_(errors) {}

  // Returns whether there was a table to add.
  template <typename Table>
  bool Add(const Result<Table>& table) {
    if (table) {
      AddTable(*table);
    } else {
      AddFailure(table.error());
    }
    return table.has_value();
  }

  // There was a process that could not be read.
  bool failed() const { return failed_; }

  OpenFilesUsage Finish() const {
    OpenFilesUsage usage;
    if (timed_out_) return usage;
    usage.by_kind = by_kind_;
    usage.limit = limit_;
    if (by_kind_) usage.deleted_bytes = SumDeleted();
    return usage;
  }

 private:
  void AddTable(const DescriptorTable& table) {
    if (!by_kind_) by_kind_.emplace();
    for (size_t kind = 0; kind < kFileKinds; ++kind) {
      (*by_kind_)[kind] += table.by_kind[kind];
    }
    for (const auto& file : table.deleted) AddDeleted(file);
    if (table.limit) AddLimit(table.Total(), *table.limit);
  }
  void AddTable(const DescriptorTable* table) { AddTable(*table); }

  void AddFailure(const Error& error) {
    errors_.Add(error);
    if (IsGone(error)) return;
    failed_ = true;
    // What there was time for says nothing: the sum would jump from one round
    // to the next.
    if (error.code == ETIMEDOUT) timed_out_ = true;
  }

  std::optional<uint64_t> SumDeleted() const {
    if (deleted_.size() > kMostDeletedFiles) {
      errors_.Add("limit", "more than " + std::to_string(kMostDeletedFiles) +
                               " deleted files are open");
      return std::nullopt;
    }
    uint64_t bytes = 0;
    for (const auto& [inode, allocated] : deleted_) bytes += allocated;
    return bytes;
  }

  void AddDeleted(const DescriptorTable::DeletedFile& file) {
    if (deleted_.size() > kMostDeletedFiles) return;
    deleted_.try_emplace({file.device, file.inode}, file.allocated_bytes);
  }

  void AddLimit(uint64_t open, uint64_t limit) {
    const double fullness = Fullness(open, limit);
    if (!limit_ || fullness > fullness_ ||
        (fullness == fullness_ && limit < *limit_)) {
      limit_ = limit;
      fullness_ = fullness;
    }
  }

  ErrorTally& errors_;
  bool failed_ = false;
  bool timed_out_ = false;
  std::optional<std::array<uint64_t, kFileKinds>> by_kind_;
  std::optional<uint64_t> limit_;
  double fullness_ = 0;
  // By device and inode.
  std::map<std::pair<uint64_t, uint64_t>, uint64_t> deleted_;
};

// Counts one process's descriptors.
class TableReader {
 public:
  TableReader(const procfs::ProcessHandle& process, bool list_paths,
              ErrorTally& errors)
      : process_(process), list_paths_(list_paths), errors_(errors) {}

  void Add(const Result<Descriptor>& descriptor) {
    if (!descriptor) {
      errors_.Add(descriptor.error());
      ++table_.by_kind[Index(FileKind::kOther)];
      return;
    }
    const FileKind kind = KindOf(*descriptor);
    ++table_.by_kind[Index(kind)];
    if (kind == FileKind::kFile && list_paths_) AddPath(*descriptor);
    if (kind == FileKind::kDeletedFile &&
        table_.deleted.size() <= kMostDeletedFiles) {
      table_.deleted.push_back(
          {descriptor->device, descriptor->inode, descriptor->allocated_bytes});
    }
  }

  DescriptorTable Finish(std::optional<uint64_t> limit) {
    table_.limit = limit;
    auto& paths = table_.paths;
    std::ranges::sort(paths);
    paths.erase(std::ranges::unique(paths).begin(), paths.end());
    return std::move(table_);
  }

 private:
  void AddPath(const Descriptor& file) {
    if (file.target.empty()) return;
    // A second name may be left, or the name may just end so.
    if (file.target.ends_with(kDeletedSuffix) &&
        !procfs::IsNameOf(process_, file.target, file)) {
      return;
    }
    if (table_.paths.size() == kMostPaths) {
      errors_.Add("limit", process_.Path("fd") + ": more than " +
                               std::to_string(kMostPaths) +
                               " files are open, the rest is not listed");
      list_paths_ = false;
      return;
    }
    table_.paths.emplace_back(file.target);
  }

  const procfs::ProcessHandle& process_;
  bool list_paths_;
  ErrorTally& errors_;
  DescriptorTable table_;
};

}  // namespace

FileKind KindOf(const Descriptor& descriptor) {
  switch (descriptor.type) {
    case S_IFREG:
      return KindOfRegular(descriptor);
    case S_IFDIR:
      return FileKind::kDirectory;
    case S_IFSOCK:
      return FileKind::kSocket;
    case S_IFIFO:
      return FileKind::kPipe;
    case S_IFCHR:
    case S_IFBLK:
      return FileKind::kDevice;
    case 0:
      return KindOfUnnamed(descriptor.target);
    default:
      return FileKind::kOther;
  }
}

bool DescriptorTable::HoldsFiles() const {
  return by_kind[Index(FileKind::kFile)] > 0 ||
         by_kind[Index(FileKind::kDeletedFile)] > 0;
}

uint64_t DescriptorTable::Total() const {
  return std::accumulate(by_kind.begin(), by_kind.end(), uint64_t{0});
}

bool OpenFilesCollector::Collect(const CollectorContext& context,
                                 TargetSnapshot& snapshot, ErrorTally& errors) {
  owns_pids_ = procfs::OwnsPids(context.proc_fs);
  auto files = std::make_shared<OpenFilesSnapshot>();
  Scope main(errors);
  for (const ProcessSample& sample : context.family.main) {
    if (sample.zombie()) continue;
    auto table =
        ReadTable(context, *sample.handle, /*list_paths=*/true, errors);
    if (main.Add(table)) {
      files->processes.push_back({sample.pid(), std::move(table->paths)});
    }
  }
  Scope children(errors);
  for (const ProcessSample& sample : context.family.descendants) {
    if (sample.zombie()) continue;
    children.Add(TableOfChild(context, sample, errors));
  }
  kept_.EndRound(context.family);
  files->usage = {.main = main.Finish(), .children = children.Finish()};
  const bool any = files->usage.main.by_kind || files->usage.children.by_kind;
  if (!any && (main.failed() || children.failed())) return false;
  snapshot.open_files = std::move(files);
  return true;
}

Result<const DescriptorTable*> OpenFilesCollector::TableOfChild(
    const CollectorContext& context, const ProcessSample& child,
    ErrorTally& errors) {
  const DescriptorTable* const known = kept_.Find(context.family, child);
  if (known != nullptr && !known->HoldsFiles()) return known;
  auto table = ReadTable(context, *child.handle, /*list_paths=*/false, errors);
  if (!table) return tl::unexpected(std::move(table).error());
  return &kept_.Keep(context.family, child, *std::move(table));
}

Result<DescriptorTable> OpenFilesCollector::ReadTable(
    const CollectorContext& context, const procfs::ProcessHandle& process,
    bool list_paths, ErrorTally& errors) {
  // First the limit: that the descriptors can be listed through the handle
  // afterwards proves that the pid was still this process's.
  const auto limit = ReadLimit(process, errors);
  TableReader reader(process, list_paths, errors);
  const auto count = procfs::ForEachDescriptor(
      process, buffer_, context.deadline,
      [&](const auto& descriptor) { reader.Add(descriptor); });
  if (!count) return tl::unexpected(count.error());
  return reader.Finish(limit);
}

std::optional<uint64_t> OpenFilesCollector::ReadLimit(
    const procfs::ProcessHandle& process, ErrorTally& errors) {
  if (owns_pids_) {
    if (const auto limit = procfs::AskOpenFilesLimit(process)) return *limit;
  }
  const auto limit = procfs::ReadOpenFilesLimit(process, buffer_);
  if (limit) return *limit;
  errors.Add(limit.error());
  return std::nullopt;
}

}  // namespace leak_exporter
