#pragma once

#include <cstddef>
#include <vector>

#include "metrics/disk/file_id.h"

namespace leak_exporter {

/// A bounded set of files. A slot takes 16 bytes, and at most three quarters of
/// the slots are in use. Not thread-safe.
class FileIdSet {
 public:
  enum class Outcome { kNew, kKnown, kFull };

  /// Remembers at most `capacity` files.
  explicit FileIdSet(size_t capacity) : capacity_(capacity) {}

  /// Adds the file. Returns kNew for a file that was not in the set, kKnown for
  /// one that was, and kFull for one that was not and has no room.
  Outcome Insert(const FileId& id);

 private:
  /// The slot that `id` is in, or the free slot where it belongs.
  size_t Find(const FileId& id) const;
  void Grow();

  size_t capacity_;
  size_t size_ = 0;
  /// As many as a power of two. A free slot holds zeros, which no file has as
  /// its id.
  std::vector<FileId> slots_;
};

}  // namespace leak_exporter
