#include "metrics/remote/file_backed_memory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "metrics/base/uninterrupted.h"

namespace leak_exporter {
namespace {

// Each keeps a descriptor. An interpreter has its files among a few.
constexpr size_t kMostOpenFiles = 64;

}  // namespace

Result<UniqueFd> OpenMappedFile(const procfs::ProcessHandle& process,
                                const procfs::Mapping& mapping) {
  constexpr int kFlags = O_RDONLY | O_NONBLOCK;
  const auto hex = [](uint64_t address) {
    return ToString(RemoteAddr{address}).substr(2);
  };
  const std::string link =
      "map_files/" + hex(mapping.start) + "-" + hex(mapping.end);
  auto mapped = process.OpenAtUntouched(link.c_str(), kFlags);
  if (mapped) return mapped;
  const std::string path = "root" + std::string(mapping.name);
  auto named = process.OpenAtUntouched(path.c_str(), kFlags);
  if (!named) return named;
  struct stat status {};
  if (Uninterrupted([&] { return ::fstat(named->get(), &status); }) != 0) {
    return Failure(errno, process.Path(path));
  }
  if (!S_ISREG(status.st_mode) || status.st_ino != mapping.inode) {
    return Failure(ENOENT, process.Path(path) + ": another file by now");
  }
  return named;
}

FileBackedMemory::FileBackedMemory(const procfs::ProcessHandle& process,
                                   const MemoryMap& map,
                                   const RemoteMemory& live)
    : process_(process),
      live_(live),
      page_bytes_(static_cast<uint64_t>(::sysconf(_SC_PAGESIZE))) {
  for (const procfs::Mapping& mapping : map.mappings()) {
    if (mapping.inode != 0) files_.push_back(&mapping);
  }
  auto pagemap = process.OpenAt("pagemap", O_RDONLY);
  if (pagemap) pagemap_ = *std::move(pagemap);
}

FileBackedMemory::Files::const_iterator FileBackedMemory::FirstFileFrom(
    RemoteAddr address) const {
  const auto above =
      std::upper_bound(files_.begin(), files_.end(), address,
                       [](RemoteAddr a, const procfs::Mapping* mapping) {
                         return Value(a) < mapping->start;
                       });
  if (above == files_.begin()) return above;
  const auto below = std::prev(above);
  return RangeOf(**below).Contains(address) ? below : above;
}

const procfs::Mapping* FileBackedMemory::FindFile(RemoteAddr address) const {
  const auto file = FirstFileFrom(address);
  const bool holds = file != files_.end() && RangeOf(**file).Contains(address);
  return holds ? *file : nullptr;
}

size_t FileBackedMemory::BytesBeforeFile(RemoteAddr address,
                                         size_t size) const {
  const auto file = FirstFileFrom(address);
  if (file == files_.end()) return size;
  const uint64_t start = std::max((*file)->start, Value(address));
  return static_cast<size_t>(std::min<uint64_t>(size, start - Value(address)));
}

// Whether the page is neither mapped nor swapped out, and so was never changed
// either.
bool FileBackedMemory::IsUntouched(RemoteAddr address) const {
  constexpr uint64_t kPresentOrSwapped = uint64_t{3} << 62;
  uint64_t entry = 0;
  const auto offset =
      static_cast<off_t>(Value(address) / page_bytes_ * sizeof(entry));
  return pagemap_.valid() &&
         Uninterrupted([&] {
           return ::pread(pagemap_.get(), &entry, sizeof(entry), offset);
         }) == static_cast<ssize_t>(sizeof(entry)) &&
         (entry & kPresentOrSwapped) == 0;
}

const FileMemory& FileBackedMemory::OpenFile(
    const procfs::Mapping& mapping) const {
  const FileId id = {mapping.device, mapping.inode};
  const auto known = open_files_.find(id);
  if (known != open_files_.end()) return known->second;
  if (open_files_.size() == kMostOpenFiles) open_files_.clear();
  return open_files_
      .emplace(
          id, FileMemory(OpenMappedFile(process_, mapping).value_or(UniqueFd()),
                         std::string(mapping.name)))
      .first->second;
}

// Reads from one page: `into` does not reach beyond its end.
Result<size_t> FileBackedMemory::ReadPage(RemoteAddr address,
                                          std::span<std::byte> into) const {
  const procfs::Mapping* mapping = FindFile(address);
  if (mapping != nullptr && IsUntouched(address)) {
    const RemoteAddr offset{Value(address) - mapping->start + mapping->offset};
    auto read = OpenFile(*mapping).ReadSome(offset, into);
    if (read) return read;
  }
  return live_.ReadSome(address, into);
}

Result<size_t> FileBackedMemory::ReadSome(RemoteAddr address,
                                          std::span<std::byte> into) const {
  size_t got = 0;
  while (got < into.size()) {
    const RemoteAddr at = address + got;
    const size_t left = into.size() - got;
    // What lies before a file may lie right before it.
    const size_t own = BytesBeforeFile(at, left);
    if (own == into.size()) return live_.ReadSome(address, into);
    const size_t page_left = page_bytes_ - Value(at) % page_bytes_;
    const auto piece =
        into.subspan(got, own > 0 ? own : std::min<size_t>(left, page_left));
    const auto read = own > 0 ? live_.ReadSome(at, piece) : ReadPage(at, piece);
    if (!read && got == 0) return read;
    got += read ? *read : 0;
    if (!read || *read < piece.size()) break;
  }
  return got;
}

Result<void> FileBackedMemory::ReadBatch(
    std::span<ReadRequest> requests) const {
  while (!requests.empty()) {
    const auto file = std::find_if(
        requests.begin(), requests.end(), [this](const ReadRequest& request) {
          return BytesBeforeFile(request.address, request.into.size()) <
                 request.into.size();
        });
    const auto anonymous =
        requests.first(static_cast<size_t>(file - requests.begin()));
    auto read = live_.ReadBatch(anonymous);
    if (!read) return read;
    requests = requests.subspan(anonymous.size());
    if (requests.empty()) break;
    read = RemoteMemory::ReadBatch(requests.first(1));
    if (!read) return read;
    requests = requests.subspan(1);
  }
  return {};
}

}  // namespace leak_exporter
