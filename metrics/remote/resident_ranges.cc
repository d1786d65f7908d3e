#include "metrics/remote/resident_ranges.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

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

  size_t size() const { return ranges_.size(); }
  std::vector<AddressRange> Take() { return std::move(ranges_); }

 private:
  uint64_t page_bytes_;
  std::vector<AddressRange> ranges_;
  bool starts_anew_ = false;
};

struct AskLimits {
  const Deadline& deadline;
  size_t ranges;
};

// False where the kernel does not answer. Sets `incomplete` where it was asked
// no further.
bool AddResident(int pagemap, const AddressRange& range, uint64_t page_bytes,
                 const AskLimits& limits, RangeBuilder& builder,
                 std::string& incomplete) {
  std::array<uint64_t, kEntries> entries{};
  uint64_t page = Value(range.begin) / page_bytes;
  const uint64_t last = (Value(range.end) + page_bytes - 1) / page_bytes;
  while (page < last) {
    if (limits.deadline.Expired()) incomplete = "out of time";
    if (builder.size() >= limits.ranges) incomplete = "too scattered memory";
    if (!incomplete.empty()) return true;
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

ResidentMemory ResidentRanges(const procfs::ProcessHandle& process,
                              const std::vector<AddressRange>& ranges,
                              const Deadline& deadline, size_t most) {
  const auto pagemap = process.OpenAt("pagemap", O_RDONLY);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  // What would be read then may be much that was never written to.
  if (!pagemap && IsExhausted(pagemap.error())) {
    return {{}, pagemap.error().message};
  }
  if (!pagemap || page_bytes <= 0) return {ranges, ""};
  RangeBuilder builder(static_cast<uint64_t>(page_bytes));
  std::string incomplete;
  for (const AddressRange& range : ranges) {
    builder.StartAnew();
    if (!AddResident(pagemap->get(), range, static_cast<uint64_t>(page_bytes),
                     {deadline, most}, builder, incomplete)) {
      return {ranges, ""};
    }
    if (!incomplete.empty()) break;
  }
  ResidentMemory resident{builder.Take(), std::move(incomplete)};
  resident.ranges.resize(std::min(resident.ranges.size(), most));
  return resident;
}

}  // namespace leak_exporter
