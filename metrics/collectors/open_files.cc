#include "metrics/collectors/open_files.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace leak_exporter {
namespace {

// A child's table is kept up to this size, and all tables up to that one.
constexpr size_t kMostKeptFiles = 256;
constexpr size_t kMostKeptInAll = size_t{1} << 16;
// The memory that the paths in the lists of all main processes may take.
constexpr size_t kMostPathBytes = size_t{1} << 20;

// How near to its limit.
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
    if (limit_ && *limit_ > 0) usage.limit_ratio = fullness_;
    if (by_kind_) usage.deleted_bytes = SumDeleted();
    return usage;
  }

 private:
  void AddTable(const DescriptorTable& table) {
    if (!by_kind_) by_kind_.emplace();
    for (size_t kind = 0; kind < kFileKinds; ++kind) {
      (*by_kind_)[kind] += table.by_kind[kind];
    }
    for (const auto& file : table.files) AddDeleted(file);
    if (!table.lists_all_files) too_many_files_ = true;
    if (table.limit) AddLimit(table.Total(), *table.limit);
  }
  void AddTable(const DescriptorTable* table) { AddTable(*table); }

  void AddFailure(const Error& error) {
    errors_.Add(error);
    if (IsGone(error)) return;
    failed_ = true;
    // What there was time for says nothing: the sum would jump from one
    // discovery to the next.
    if (error.code == ETIMEDOUT) timed_out_ = true;
  }

  std::optional<uint64_t> SumDeleted() const {
    if (too_many_files_) {
      errors_.Add(ErrorCause::kLimit, "more files are open than the " +
                                          std::to_string(kMostOpenFiles) +
                                          " whose deletion is followed");
      return std::nullopt;
    }
    uint64_t bytes = 0;
    for (const auto& [id, allocated] : deleted_) bytes += allocated;
    return bytes;
  }

  void AddDeleted(const DescriptorTable::File& file) {
    if (!file.deleted || too_many_files_) return;
    deleted_.try_emplace(file.id, file.deleted_bytes);
    if (deleted_.size() > kMostOpenFiles) too_many_files_ = true;
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
  std::map<FileId, uint64_t> deleted_;
  bool too_many_files_ = false;
};

}  // namespace

bool OpenFilesCollector::Collect(const CollectorContext& context,
                                 TargetSnapshot& snapshot, ErrorTally& errors) {
  states_.Clear();
  owns_pids_ = procfs::OwnsPids(context.proc_fs);
  auto files = std::make_shared<OpenFilesSnapshot>();
  Scope main(errors);
  size_t path_bytes = kMostPathBytes;
  for (const ProcessSample& sample : context.tree.main) {
    if (sample.zombie()) continue;
    auto table = ReadTable(context, *sample.handle, path_bytes, errors);
    if (!main.Add(table)) continue;
    for (const std::string& path : table->paths) {
      path_bytes -= ListedBytes(path);
    }
    files->processes.push_back({sample.pid(), std::move(table->paths)});
  }
  Scope children(errors);
  for (const ProcessSample& sample : context.tree.descendants) {
    if (sample.zombie()) continue;
    children.Add(TableOfChild(context, sample, errors));
  }
  kept_.EndGeneration(context.tree);
  kept_files_ = kept_.Sum(
      [](const DescriptorTable& table) { return table.files.size(); });
  files->usage = {.main = main.Finish(), .children = children.Finish()};
  const bool any = files->usage.main.by_kind || files->usage.children.by_kind;
  if (!any && (main.failed() || children.failed())) return false;
  snapshot.open_files = std::move(files);
  return true;
}

Result<const DescriptorTable*> OpenFilesCollector::TableOfChild(
    const CollectorContext& context, const ProcessSample& child,
    ErrorTally& errors) {
  if (context.deadline.Expired()) {
    return Failure(ETIMEDOUT,
                   child.handle->Path("fd") + ": not looked at in time");
  }
  DescriptorTable* const known = kept_.Find(context.tree, child);
  if (known != nullptr &&
      RefreshDescriptorTable(*child.handle, states_, *known)) {
    return known;
  }
  auto table = ReadTable(context, *child.handle, std::nullopt, errors);
  if (!table) return tl::unexpected(std::move(table).error());
  const size_t files = table->files.size();
  if (files <= kMostKeptFiles && kept_files_ + files <= kMostKeptInAll) {
    kept_files_ += files;
    table->files.shrink_to_fit();
    return &kept_.Keep(context.tree, child, *std::move(table));
  }
  not_kept_ = *std::move(table);
  return &not_kept_;
}

Result<DescriptorTable> OpenFilesCollector::ReadTable(
    const CollectorContext& context, const procfs::ProcessHandle& process,
    std::optional<size_t> most_path_bytes, ErrorTally& errors) {
  // First the limit: that the descriptors can be listed through the handle
  // afterwards proves that the pid was still this process's.
  const auto limit = ReadLimit(process, context.buffer);
  auto table = ReadDescriptorTable(process, context.deadline, most_path_bytes,
                                   context.buffer, states_, errors);
  if (!table) return table;
  if (limit) {
    table->limit = *limit;
  } else {
    errors.Add(limit.error());
    table->has_failures = true;
  }
  return table;
}

Result<procfs::Limit> OpenFilesCollector::ReadLimit(
    const procfs::ProcessHandle& process, std::string& buffer) {
  if (owns_pids_) {
    if (const auto limit = procfs::AskOpenFilesLimit(process)) return *limit;
  }
  return procfs::ReadOpenFilesLimit(process, buffer);
}

}  // namespace leak_exporter
