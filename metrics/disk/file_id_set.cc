#include "metrics/disk/file_id_set.h"

#include <cstdint>
#include <utility>

namespace leak_exporter {
namespace {

constexpr size_t kFirstSlots = 64;

// Inode numbers are dense, so they are spread before they become slots.
uint64_t Hash(const FileId& id) {
  const uint64_t product = (id.inode ^ (id.device << 32)) * 0x9E3779B97F4A7C15U;
  return product ^ (product >> 32);
}

}  // namespace

FileIdSet::Outcome FileIdSet::Insert(const FileId& id) {
  if (slots_.empty()) slots_.resize(kFirstSlots);
  size_t slot = Find(id);
  if (slots_[slot] == id) return Outcome::kKnown;
  if (size_ >= capacity_) return Outcome::kFull;
  if ((size_ + 1) * 4 > slots_.size() * 3) {
    Grow();
    slot = Find(id);
  }
  slots_[slot] = id;
  ++size_;
  return Outcome::kNew;
}

size_t FileIdSet::Find(const FileId& id) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = static_cast<size_t>(Hash(id)) & mask;
  while (slots_[slot] != FileId{} && slots_[slot] != id) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

void FileIdSet::Grow() {
  std::vector<FileId> old(slots_.size() * 2);
  old.swap(slots_);
  for (const FileId& id : old) {
    if (id != FileId{}) slots_[Find(id)] = id;
  }
}

}  // namespace leak_exporter
