#include "metrics/disk/file_id_set.h"

namespace leak_exporter {
namespace {

constexpr size_t kFirstSlots = 8;

// Inode numbers are dense, so they are spread before they become slots.
uint64_t Hash(uint64_t inode) {
  const uint64_t product = inode * 0x9E3779B97F4A7C15U;
  return product ^ (product >> 32);
}

}  // namespace

FileIdSet::Outcome FileIdSet::Insert(const FileId& id) {
  const auto device = by_device_.find(id.device);
  const bool is_new_device = device == by_device_.end();
  if (!is_new_device && device->second.Contains(id.inode)) {
    return Outcome::kKnown;
  }
  const size_t cost = is_new_device && !by_device_.empty() ? kDeviceCost : 1;
  if (cost > left_) return Outcome::kFull;
  left_ -= cost;
  by_device_[id.device].Add(id.inode);
  return Outcome::kNew;
}

bool FileIdSet::Inodes::Contains(uint64_t inode) const {
  if (inode == 0) return has_zero_;
  return !slots_.empty() && slots_[Find(inode)] == inode;
}

void FileIdSet::Inodes::Add(uint64_t inode) {
  if (inode == 0) {
    has_zero_ = true;
    return;
  }
  if ((size_ + 1) * 4 > slots_.size() * 3) Grow();
  slots_[Find(inode)] = inode;
  ++size_;
}

size_t FileIdSet::Inodes::Find(uint64_t inode) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = static_cast<size_t>(Hash(inode)) & mask;
  while (slots_[slot] != 0 && slots_[slot] != inode) slot = (slot + 1) & mask;
  return slot;
}

void FileIdSet::Inodes::Grow() {
  std::vector<uint64_t> old(slots_.empty() ? kFirstSlots : slots_.size() * 2);
  old.swap(slots_);
  for (const uint64_t inode : old) {
    if (inode != 0) slots_[Find(inode)] = inode;
  }
}

}  // namespace leak_exporter
