#pragma once

#include <cstddef>
#include <vector>

#include "metrics/disk/file_id.h"

namespace leak_exporter {

/// A bounded set of files, 16 bytes a slot and at most three quarters full. Not
/// thread-safe.
class FileIdSet {
 public:
  enum class Outcome { kNew, kKnown, kFull };

  /// Remembers at most `capacity` files.
  explicit FileIdSet(size_t capacity) : capacity_(capacity) {}

  /// kFull for a file that is not known and that there is no room for.
  Outcome Insert(const FileId& id);

 private:
  /// Where `id` is, or the free slot where it belongs.
  size_t Find(const FileId& id) const;
  void Grow();

  size_t capacity_;
  size_t size_ = 0;
  /// A power of two of them; an all-zero id, which no file has, is a free slot.
  std::vector<FileId> slots_;
};

}  // namespace leak_exporter
