#include "metrics/collectors/support/descriptor_table.h"

#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <set>
#include <string_view>
#include <utility>

namespace leak_exporter {
namespace {

using procfs::Descriptor;

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

// Counts one process's descriptors.
class TableReader {
 public:
  TableReader(const procfs::ProcessHandle& process,
              std::optional<size_t> most_path_bytes, FileStates& states,
              ErrorTally& errors)
      : process_(process),
        most_path_bytes_(most_path_bytes),
        states_(states),
        errors_(errors) {}

  void Add(const Result<Descriptor>& descriptor) {
    if (!descriptor) {
      errors_.Add(descriptor.error());
      ++table_.by_kind[Index(FileKind::kOther)];
      table_.has_failures = true;
      return;
    }
    const FileKind kind = KindOf(*descriptor);
    ++table_.by_kind[Index(kind)];
    const bool deleted = kind == FileKind::kDeletedFile;
    if (kind != FileKind::kFile && !deleted) return;
    AddFile(*descriptor, deleted);
    if (most_path_bytes_ && !deleted) AddPath(*descriptor);
  }

  DescriptorTable Finish() {
    table_.paths.reserve(paths_.size());
    while (!paths_.empty()) {
      table_.paths.push_back(std::move(paths_.extract(paths_.begin()).value()));
    }
    return std::move(table_);
  }

 private:
  void AddFile(const Descriptor& descriptor, bool deleted) {
    if (table_.files.size() == kMostOpenFiles) {
      table_.lists_all_files = false;
      return;
    }
    const FileId id{descriptor.device, descriptor.inode};
    states_.Set(id, {deleted, descriptor.allocated_bytes});
    table_.files.push_back(
        {id, descriptor.allocated_bytes, descriptor.number, deleted});
  }

  void AddPath(const Descriptor& file) {
    if (file.target.empty()) return;
    // A second name may be left, or the name may just end so.
    if (file.target.ends_with(kDeletedSuffix) &&
        !procfs::IsNameOf(process_, file.target, file)) {
      return;
    }
    std::string path(file.target);
    if (paths_.contains(path)) return;
    const size_t bytes = ListedBytes(path);
    if (bytes > *most_path_bytes_) {
      errors_.Add(ErrorCause::kLimit,
                  process_.Path("fd") +
                      ": so many files are open that not all are listed");
      most_path_bytes_.reset();
      return;
    }
    *most_path_bytes_ -= bytes;
    paths_.insert(std::move(path));
  }

  const procfs::ProcessHandle& process_;
  /// What further paths may take.
  std::optional<size_t> most_path_bytes_;
  FileStates& states_;
  ErrorTally& errors_;
  std::set<std::string> paths_;
  DescriptorTable table_;
};

}  // namespace

size_t ListedBytes(const std::string& path) {
  // The string itself, and what an allocation costs besides.
  constexpr size_t kOverhead = sizeof(std::string) + 2 * sizeof(size_t);
  return path.size() + kOverhead;
}

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

uint64_t DescriptorTable::Total() const {
  return std::accumulate(by_kind.begin(), by_kind.end(), uint64_t{0});
}

void FileStates::Set(const FileId& id, const State& state) {
  if (states_.size() < kMostOpenFiles) states_.insert_or_assign(id, state);
}

const FileStates::State* FileStates::Find(const FileId& id) const {
  const auto found = states_.find(id);
  return found == states_.end() ? nullptr : &found->second;
}

size_t FileStates::Hash::operator()(const FileId& id) const {
  return std::hash<uint64_t>{}(id.inode * 0x9E3779B97F4A7C15U ^ id.device);
}

Result<DescriptorTable> ReadDescriptorTable(
    const procfs::ProcessHandle& process, const Deadline& deadline,
    std::optional<size_t> most_path_bytes, std::string& buffer,
    FileStates& states, ErrorTally& errors) {
  TableReader reader(process, most_path_bytes, states, errors);
  const auto count = procfs::ForEachDescriptor(
      process, buffer, deadline,
      [&](const auto& descriptor) { reader.Add(descriptor); });
  if (!count) return tl::unexpected(count.error());
  return reader.Finish();
}

bool RefreshDescriptorTable(const procfs::ProcessHandle& process,
                            FileStates& states, DescriptorTable& table) {
  if (!table.lists_all_files || table.has_failures) return false;
  uint64_t deleted = 0;
  for (DescriptorTable::File& file : table.files) {
    const FileStates::State* state = states.Find(file.id);
    if (state == nullptr) {
      const auto now = procfs::StatDescriptor(process, file.number);
      if (!now || FileId{now->device, now->inode} != file.id) return false;
      file.deleted = now->links == 0;
      file.deleted_bytes = now->allocated_bytes;
      states.Set(file.id, {file.deleted, file.deleted_bytes});
    } else {
      file.deleted = state->deleted;
      file.deleted_bytes = state->deleted_bytes;
    }
    if (file.deleted) ++deleted;
  }
  table.by_kind[Index(FileKind::kFile)] = table.files.size() - deleted;
  table.by_kind[Index(FileKind::kDeletedFile)] = deleted;
  return true;
}

}  // namespace leak_exporter
