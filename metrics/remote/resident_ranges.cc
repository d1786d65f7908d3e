#include "metrics/remote/resident_ranges.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "metrics/base/uninterrupted.h"

namespace leak_exporter {
namespace {

constexpr uint64_t kPresentOrSwapped = uint64_t{3} << 62;
// A guard region's page (MADV_GUARD_INSTALL, Linux 6.13). It passes for a
// swapped one, and can never be read.
constexpr uint64_t kGuard = uint64_t{1} << 58;
constexpr size_t kEntries = 1024;
// A read costs about as much as copying this many pages.
constexpr uint64_t kSmallGapPages = 16;

/// Puts pages together into ranges.
class RangeBuilder {
 public:
  explicit RangeBuilder(uint64_t page_bytes) : page_bytes_(page_bytes) {}

  void AddPage(uint64_t page) {
    const uint64_t begin = page * page_bytes_;
    const uint64_t end = begin + page_bytes_;
    if (!ranges_.empty() && !starts_anew_ &&
        begin - Value(ranges_.back().end) <= kSmallGapPages * page_bytes_) {
      ranges_.back().end = RemoteAddr{end};
    } else {
      ranges_.push_back({RemoteAddr{begin}, RemoteAddr{end}});
    }
    starts_anew_ = false;
  }
  /// Ends the current range: the next page lies in another mapping, or behind
  /// what cannot be read.
  void StartAnew() { starts_anew_ = true; }

  std::vector<AddressRange> Take() { return std::move(ranges_); }

 private:
  uint64_t page_bytes_;
  std::vector<AddressRange> ranges_;
  bool starts_anew_ = false;
};

// False where the kernel does not answer.
bool AddResident(int pagemap, const AddressRange& range, uint64_t page_bytes,
                 RangeBuilder& builder) {
  std::array<uint64_t, kEntries> entries{};
  uint64_t page = Value(range.begin) / page_bytes;
  const uint64_t last = (Value(range.end) + page_bytes - 1) / page_bytes;
  while (page < last) {
    const size_t wanted =
        static_cast<size_t>(std::min<uint64_t>(kEntries, last - page)) *
        sizeof(uint64_t);
    const ssize_t got = Uninterrupted([&] {
      return ::pread(pagemap, entries.data(), wanted,
                     static_cast<off_t>(page * sizeof(uint64_t)));
    });
    if (got < static_cast<ssize_t>(sizeof(uint64_t))) return false;
    const size_t count = static_cast<size_t>(got) / sizeof(uint64_t);
    for (size_t i = 0; i < count; ++i) {
      if ((entries[i] & kGuard) != 0) {
        builder.StartAnew();
      } else if ((entries[i] & kPresentOrSwapped) != 0) {
        builder.AddPage(page + i);
      }
    }
    page += count;
  }
  return true;
}

}  // namespace

std::vector<AddressRange> ResidentRanges(
    const procfs::ProcessHandle& process,
    const std::vector<AddressRange>& ranges) {
  const auto pagemap = process.OpenAt("pagemap", O_RDONLY);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  if (!pagemap || page_bytes <= 0) return ranges;
  RangeBuilder builder(static_cast<uint64_t>(page_bytes));
  for (const AddressRange& range : ranges) {
    builder.StartAnew();
    if (!AddResident(pagemap->get(), range, static_cast<uint64_t>(page_bytes),
                     builder)) {
      return ranges;
    }
  }
  return builder.Take();
}

}  // namespace leak_exporter
