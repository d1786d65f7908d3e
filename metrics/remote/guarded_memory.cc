#include "metrics/remote/guarded_memory.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string>
#include <utility>

namespace leak_exporter {
namespace {

constexpr uint64_t kPageBytes = 4096;
constexpr size_t kMostPages = 4096;
// How often a page has to be found mapped and unreadable: it may be unmapped
// between the two looks.
constexpr int kLooks = 3;

bool IsAmong(std::span<const AddressRange> ranges, RemoteAddr address) {
  const auto above = std::upper_bound(
      ranges.begin(), ranges.end(), address,
      [](RemoteAddr a, const AddressRange& range) { return a < range.begin; });
  return above != ranges.begin() && std::prev(above)->Contains(address);
}

}  // namespace

GuardedMemory::GuardedMemory(const RemoteMemory& memory,
                             std::vector<AddressRange> mapped,
                             const Deadline& deadline)
    : memory_(memory), mapped_(std::move(mapped)), deadline_(deadline) {}

Result<void> GuardedMemory::MayRead() const {
  if (!end_ && deadline_.Expired()) {
    end_ = Error{ETIMEDOUT, "memory: not read before the deadline"};
  }
  if (end_) return tl::unexpected<Error>(*end_);
  return {};
}

Result<size_t> GuardedMemory::ReadSome(RemoteAddr address,
                                       std::span<std::byte> into) const {
  if (into.empty()) return size_t{0};
  if (const auto may = MayRead(); !may) {
    return tl::unexpected<Error>(may.error());
  }
  auto got = memory_.ReadSome(address, into);
  if (got || !Matters(address, got.error())) return got;
  if (!EndsReading(got.error())) got = memory_.ReadSome(address, into);
  if (!got) Remember(address, got.error());
  return got;
}

// What a batch leaves incomplete is read again one by one, if it is needed.
Result<void> GuardedMemory::ReadBatch(std::span<ReadRequest> requests) const {
  if (auto may = MayRead(); !may) return may;
  auto read = memory_.ReadBatch(requests);
  if (!read) Remember(RemoteAddr{}, read.error());
  return read;
}

bool GuardedMemory::Matters(RemoteAddr address, const Error& error) const {
  return error.code != EFAULT || IsAmong(mapped_, address);
}

void GuardedMemory::Remember(RemoteAddr address, const Error& error) const {
  if (EndsReading(error)) {
    end_ = error;
  } else if (error.code != EFAULT) {
    certain_ = error;
  } else if (failed_.size() < kMostPages) {
    failed_.try_emplace(Value(address) / kPageBytes, Failed{address, error});
  }
}

Result<std::optional<Error>> GuardedMemory::FindFailure(
    const MappedReader& find_mapped) const {
  for (int look = 0; look < kLooks && !failed_.empty(); ++look) {
    const auto mapped = find_mapped();
    if (!mapped) return tl::unexpected<Error>(mapped.error());
    auto looked = LookAgain(*mapped);
    if (!looked) return tl::unexpected<Error>(looked.error());
  }
  if (failed_.empty()) return certain_;
  const Error& first = failed_.begin()->second.error;
  return Error{first.code, first.message + " (the first of " +
                               std::to_string(failed_.size()) +
                               " pages that cannot be read)"};
}

Result<void> GuardedMemory::LookAgain(
    std::span<const AddressRange> mapped) const {
  for (auto page = failed_.begin(); page != failed_.end();) {
    const auto next = std::next(page);
    const RemoteAddr address = page->second.address;
    const bool is_mapped = IsAmong(mapped, address);
    const auto read =
        is_mapped ? memory_.Read<std::byte>(address) : Result<std::byte>();
    if (!read && EndsReading(read.error())) {
      return tl::unexpected<Error>(read.error());
    }
    if (read) failed_.erase(page);
    page = next;
  }
  return {};
}

}  // namespace leak_exporter
