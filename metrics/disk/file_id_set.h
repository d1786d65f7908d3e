#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "metrics/disk/file_id.h"

namespace leak_exporter {

/// A bounded set of files. A file takes 8 bytes, in a slot of its device; at
/// most three quarters of the slots are in use. Not thread-safe.
class FileIdSet {
 public:
  enum class Outcome { kNew, kKnown, kFull };

  /// Remembers at most `capacity` files. A device counts as kDeviceCost files.
  explicit FileIdSet(size_t capacity) : left_(capacity) {}

  /// Adds the file. Returns kNew for a file that was not in the set, kKnown for
  /// one that was, and kFull for one that was not and has no room.
  Outcome Insert(const FileId& id);

  /// What a device takes besides its files, in files.
  static constexpr size_t kDeviceCost = 16;

 private:
  /// The inode numbers of one device.
  class Inodes {
   public:
    bool Contains(uint64_t inode) const;
    /// Adds one that is not there.
    void Add(uint64_t inode);

   private:
    /// The slot that `inode` is in, or the free slot where it belongs.
    size_t Find(uint64_t inode) const;
    void Grow();

    /// As many as a power of two. A free slot holds 0.
    std::vector<uint64_t> slots_;
    size_t size_ = 0;
    bool has_zero_ = false;
  };

  size_t left_;
  std::unordered_map<uint64_t, Inodes> by_device_;
};

}  // namespace leak_exporter
