#include "metrics/remote/read_cache.h"

#include <algorithm>
#include <cstring>

namespace leak_exporter {

namespace {

/// A smaller gap between two ranges is read along with them. A run of ranges
/// does not grow beyond kRunBytes.
constexpr uint64_t kGapBytes = 1024;
constexpr uint64_t kRunBytes = 64 << 10;

}  // namespace

ReadCache::ReadCache(const RemoteMemory& memory)
    : memory_(memory), storage_(kPageBytes * kPages) {}

bool ReadCache::ReadExact(RemoteAddr address, std::span<std::byte> into) {
  if (reads_left_ == 0) return false;
  --reads_left_;
  const uint64_t offset = Value(address) - Value(begin_);
  if (offset <= bytes_.size() && into.size() <= bytes_.size() - offset) {
    std::memcpy(into.data(), bytes_.data() + offset, into.size());
    return true;
  }
  if (!runs_.empty()) {
    const auto found = FindPrefetched(address, into.size());
    if (!found.empty()) {
      std::memcpy(into.data(), found.data(), into.size());
      return true;
    }
  }
  if (into.size() > kPageBytes)
    return memory_.ReadExact(address, into).has_value();
  while (!into.empty()) {
    const std::span<const std::byte> page = PageOf(address);
    const size_t at = Value(address) % kPageBytes;
    if (page.size() <= at) return false;
    const size_t part = std::min(into.size(), page.size() - at);
    std::memcpy(into.data(), page.data() + at, part);
    into = into.subspan(part);
    address = address + part;
  }
  return true;
}

void ReadCache::Prefetch(std::span<const AddressRange> ranges) {
  runs_.clear();
  current_run_ = 0;
  size_t total = 0;
  for (const AddressRange& range : ranges) {
    if (!runs_.empty()) {
      Run& run = runs_.back();
      const uint64_t from = Value(range.begin) - Value(run.begin);
      if (from <= run.size + kGapBytes && from + range.size() <= kRunBytes) {
        const size_t grown = std::max<size_t>(run.size, from + range.size());
        total += grown - run.size;
        run.size = grown;
        continue;
      }
    }
    const auto size = static_cast<size_t>(range.size());
    runs_.push_back({range.begin, size, total});
    total += size;
  }
  if (prefetched_.size() < total) prefetched_.resize(total);
  requests_.clear();
  for (const Run& run : runs_)
    requests_.push_back(
        {run.begin, std::span(prefetched_).subspan(run.offset, run.size)});
  const auto read = memory_.ReadBatch(requests_);
  for (size_t i = 0; i < runs_.size(); ++i)
    runs_[i].size = read ? requests_[i].got : 0;
}

std::span<const std::byte> ReadCache::FindPrefetched(RemoteAddr address,
                                                     size_t size) {
  const auto in_run = [&](size_t i) -> std::span<const std::byte> {
    const Run& run = runs_[i];
    const uint64_t at = Value(address) - Value(run.begin);
    if (at > run.size || size > run.size - at) return {};
    return std::span(prefetched_).subspan(run.offset + at, size);
  };
  for (size_t i = current_run_; i < runs_.size() && i <= current_run_ + 1;
       ++i) {
    const auto found = in_run(i);
    if (found.empty()) continue;
    current_run_ = i;
    return found;
  }
  const auto after = std::upper_bound(
      runs_.begin(), runs_.end(), address,
      [](RemoteAddr wanted, const Run& run) { return wanted < run.begin; });
  if (after == runs_.begin()) return {};
  const auto i = static_cast<size_t>(after - runs_.begin()) - 1;
  const auto found = in_run(i);
  if (!found.empty()) current_run_ = i;
  return found;
}

std::span<const std::byte> ReadCache::PageOf(RemoteAddr address) {
  const RemoteAddr start = address - Value(address) % kPageBytes;
  const size_t slot = Value(start) / kPageBytes % kPages;
  const std::span<std::byte> bytes =
      std::span(storage_).subspan(slot * kPageBytes, kPageBytes);
  Page& page = pages_[slot];
  if (page.size == 0 || page.address != start) {
    page = {};
    auto got = memory_.ReadAvailable(start, bytes);
    if (!got) return {};
    page = {start, *got};
  }
  return bytes.first(page.size);
}

}  // namespace leak_exporter
