#include "metrics/collectors/mappings.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "metrics/procfs/limits.h"
#include "metrics/procfs/maps.h"

namespace leak_exporter {
namespace {

// What a target with millions of large mappings may cost in memory.
constexpr size_t kMostRows = size_t{1} << 14;
constexpr size_t kMostNames = size_t{1} << 14;
constexpr size_t kMostNameBytes = size_t{1} << 20;

struct StringHash : std::hash<std::string_view> {
  using is_transparent = void;
};
using BytesByName =
    std::unordered_map<std::string, uint64_t, StringHash, std::equal_to<>>;

bool SmallerFirst(const NamedBytes& a, const NamedBytes& b) {
  return std::tie(a.bytes, a.name) < std::tie(b.bytes, b.name);
}

bool LargerFirst(const NamedBytes& a, const NamedBytes& b) {
  return std::tie(b.bytes, a.name) < std::tie(a.bytes, b.name);
}

Error InDiskSleep(const ProcessSample& process) {
  return Error{ETIMEDOUT, process.handle->Path("maps") +
                              ": not read, the process is in state D"};
}

// How many rows there may be, and how many bytes their names may take.
struct RowLimits {
  size_t rows = kMostRows;
  size_t name_bytes = kMostNameBytes;
};

// The mappings over the threshold of one process, the largest as far as there
// is room.
class Rows {
 public:
  explicit Rows(const RowLimits& limits) : limits_(limits) {}

  void Add(std::string_view name, uint64_t bytes) {
    ++added_;
    name_bytes_ += name.size();
    rows_.push_back({std::string(name), bytes});
    if (rows_.size() >= 2 * limits_.rows + 1 ||
        name_bytes_ >= 2 * limits_.name_bytes + 1) {
      DropSmallest();
    }
  }

  uint64_t added() const { return added_; }
  size_t name_bytes() const { return name_bytes_; }

  std::vector<NamedBytes> Take() {
    DropSmallest();
    std::ranges::sort(rows_, SmallerFirst);
    return std::move(rows_);
  }

 private:
  void DropSmallest() {
    if (rows_.size() <= limits_.rows && name_bytes_ <= limits_.name_bytes) {
      return;
    }
    std::ranges::sort(rows_, LargerFirst);
    name_bytes_ = 0;
    size_t kept = 0;
    for (; kept < std::min(rows_.size(), limits_.rows); ++kept) {
      const size_t bytes = rows_[kept].name.size();
      if (name_bytes_ + bytes > limits_.name_bytes) break;
      name_bytes_ += bytes;
    }
    rows_.resize(kept);
  }

  const RowLimits limits_;
  std::vector<NamedBytes> rows_;
  size_t name_bytes_ = 0;
  uint64_t added_ = 0;
};

// Bytes by name. Where there is no room for more names, the rest is summed
// without one.
class NameSums {
 public:
  void Add(std::string_view name, uint64_t bytes) {
    if (const auto known = by_name_.find(name); known != by_name_.end()) {
      known->second += bytes;
    } else if (by_name_.size() < kMostNames &&
               name_bytes_ + name.size() <= kMostNameBytes) {
      name_bytes_ += name.size();
      by_name_.emplace(name, bytes);
    } else {
      nameless_bytes_ += bytes;
    }
  }

  void Add(const NameSums& other) {
    for (const auto& [name, bytes] : other.by_name_) Add(name, bytes);
    nameless_bytes_ += other.nameless_bytes_;
  }

  void Finish(MappingsSnapshot& mappings, ErrorTally& errors) const {
    auto& sums = mappings.by_name;
    sums.reserve(by_name_.size());
    for (const auto& [name, bytes] : by_name_) sums.push_back({name, bytes});
    std::ranges::sort(sums, LargerFirst);
    mappings.nameless_bytes = nameless_bytes_;
    if (nameless_bytes_ > 0) {
      errors.Add(ErrorCause::kLimit,
                 "mappings have more than " + std::to_string(kMostNames) +
                     " names, or more than " + std::to_string(kMostNameBytes) +
                     " bytes of them");
    }
  }

 private:
  BytesByName by_name_;
  size_t name_bytes_ = 0;
  uint64_t nameless_bytes_ = 0;
};

// What one pass over a main process's mappings finds.
struct MainMappings {
  uint64_t count = 0;
  uint64_t total_bytes = 0;
  uint64_t anonymous_count = 0;
  Rows rows;
};

// Adds to `sums` only if all was read.
Result<MainMappings> ReadMain(const ProcessSample& process,
                              uint64_t threshold_bytes, const RowLimits& limits,
                              std::string& buffer, const Deadline& deadline,
                              NameSums& sums) {
  if (process.status.state == 'D') return tl::unexpected(InDiskSleep(process));
  MainMappings found{.rows = Rows(limits)};
  NameSums own;
  const auto count = procfs::ForEachMapping(
      *process.handle, buffer, deadline, [&](const procfs::Mapping& mapping) {
        found.total_bytes += mapping.bytes();
        if (mapping.bytes() <= threshold_bytes) return;
        const std::string_view label = procfs::MappingLabel(mapping);
        found.rows.Add(label, mapping.bytes());
        own.Add(label, mapping.bytes());
        if (label == procfs::kAnonymousLabel) ++found.anonymous_count;
      });
  if (!count) return tl::unexpected(count.error());
  found.count = *count;
  sums.Add(own);
  return found;
}

// The count of the process of a scope that has most.
class MostMappings {
 public:
  void Add(uint64_t count) {
    // No mapping at all means no address space: the process is ending.
    if (count > 0) most_ = std::max(most_.value_or(0), count);
  }

  std::optional<uint64_t> most() const { return most_; }

 private:
  std::optional<uint64_t> most_;
};

// Counts a failure; returns whether it is one and not the process's end.
bool Tally(const Error& error, ErrorTally& errors) {
  errors.Add(error);
  return !IsGone(error);
}

}  // namespace

bool MappingsCollector::Collect(const CollectorContext& context,
                                TargetSnapshot& snapshot, ErrorTally& errors) {
  auto mappings = std::make_shared<MappingsSnapshot>();
  bool failed = AddMainProcesses(context, *mappings, errors);
  failed = AddChildren(context, *mappings, errors) || failed;
  if (failed && !mappings->count.main && !mappings->count.children) {
    return false;
  }
  const auto limit = procfs::ReadMaxMapCount(context.proc_fs, context.buffer);
  if (limit) {
    mappings->limit = *limit;
  } else {
    errors.Add(limit.error());
  }
  snapshot.mappings = std::move(mappings);
  return true;
}

bool MappingsCollector::AddMainProcesses(const CollectorContext& context,
                                         MappingsSnapshot& mappings,
                                         ErrorTally& errors) {
  bool failed = false;
  MostMappings most;
  NameSums sums;
  RowLimits limits;
  for (const ProcessSample& process : context.tree.main) {
    if (process.zombie()) continue;
    auto found = ReadMain(process, threshold_bytes_, limits, context.buffer,
                          context.deadline, sums);
    if (!found) {
      failed = Tally(found.error(), errors) || failed;
      continue;
    }
    if (found->count == 0) continue;
    most.Add(found->count);
    mappings.anonymous_count =
        mappings.anonymous_count.value_or(0) + found->anonymous_count;
    auto rows = found->rows.Take();
    limits.rows -= rows.size();
    limits.name_bytes -= found->rows.name_bytes();
    if (found->rows.added() > rows.size()) {
      errors.Add(ErrorCause::kLimit,
                 process.handle->Path("maps") +
                     ": not all mappings over the threshold are listed, since "
                     "there are more than " +
                     std::to_string(kMostRows) + ", or their names are long");
    }
    mappings.processes.push_back(
        {process.pid(), std::move(rows), found->total_bytes});
  }
  mappings.count.main = most.most();
  sums.Finish(mappings, errors);
  return failed;
}

bool MappingsCollector::AddChildren(const CollectorContext& context,
                                    MappingsSnapshot& mappings,
                                    ErrorTally& errors) {
  bool failed = false;
  MostMappings most;
  for (const ProcessSample& process : context.tree.descendants) {
    if (process.zombie()) continue;
    const auto count = CountOfChild(context, process);
    if (count) {
      most.Add(*count);
    } else {
      failed = Tally(count.error(), errors) || failed;
    }
  }
  kept_.EndGeneration(context.tree);
  mappings.count.children = most.most();
  return failed;
}

Result<uint64_t> MappingsCollector::CountOfChild(
    const CollectorContext& context, const ProcessSample& child) {
  if (const uint64_t* const known = kept_.Find(context.tree, child)) {
    return *known;
  }
  if (child.status.state == 'D') return tl::unexpected(InDiskSleep(child));
  const auto count =
      procfs::CountMappings(*child.handle, context.buffer, context.deadline);
  if (count) kept_.Keep(context.tree, child, *count);
  return count;
}

}  // namespace leak_exporter
