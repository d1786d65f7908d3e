#pragma once

#include <cstddef>
#include <memory>
#include <tl/expected.hpp>

namespace leak_exporter {

/// Reads the names in directories, a large batch a system call (getdents64(2)).
/// One reader serves any number of directories, one after another, and its
/// batch stays where it is: names are valid until the next Fill. Not
/// thread-safe.
class DirectoryReader {
 public:
  /// What Fill reads at most unless told less.
  static constexpr size_t kBufferBytes = size_t{64} * 1024;

  DirectoryReader();

  /// Reads the next batch from `directory_fd`: true when it read entries, false
  /// at the end (a directory that was removed has none), else the errno.
  tl::expected<bool, int> Fill(int directory_fd,
                               size_t max_bytes = kBufferBytes);

  /// The next name of the batch, "." and ".." left out; null after the last.
  const char* Next();

 private:
  std::unique_ptr<std::byte[]> buffer_;
  size_t used_ = 0;
  size_t next_ = 0;
};

}  // namespace leak_exporter
