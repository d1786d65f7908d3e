#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "metrics/base/result.h"
#include "metrics/base/unique_fd.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

/// A file read through RemoteMemory. An address is an offset in the file.
class FileMemory final : public RemoteMemory {
 public:
  FileMemory(UniqueFd fd, std::string path)
      : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<size_t> ReadSome(RemoteAddr address,
                          std::span<std::byte> into) const override;

  /// Whether the file has all these bytes, and none of them lies in a hole
  /// (lseek(2), SEEK_HOLE). A filesystem that knows no holes has none.
  Result<bool> IsWritten(RemoteAddr address, uint64_t size) const;

 private:
  UniqueFd fd_;
  std::string path_;
};

}  // namespace leak_exporter
