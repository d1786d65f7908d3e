#pragma once

#include <cstddef>
#include <memory>
#include <tl/expected.hpp>

namespace leak_exporter {

/// Reads the names in a directory, a large batch with each system call
/// (getdents64(2)). One reader serves any number of directories, one after
/// another. A name is valid until the next Fill. Not thread-safe.
class DirectoryReader {
 public:
  /// The most that Fill reads in one batch.
  static constexpr size_t kBufferBytes = size_t{64} * 1024;

  DirectoryReader();

  /// Reads the next batch, of at most `max_bytes`, from where `directory_fd`
  /// stands. Returns whether there were entries: false means the end, which is
  /// also where a directory that was removed is. An error is the errno.
  tl::expected<bool, int> Fill(int directory_fd,
                               size_t max_bytes = kBufferBytes);

  /// The next name of the batch, or null after the last one. Leaves out "." and
  /// "..".
  const char* Next();

 private:
  std::unique_ptr<std::byte[]> buffer_;
  size_t used_ = 0;
  size_t next_ = 0;
};

}  // namespace leak_exporter
