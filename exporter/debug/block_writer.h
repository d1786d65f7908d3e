#pragma once

#include <string>
#include <string_view>

#include "metrics/base/result.h"
#include "metrics/base/unique_fd.h"

namespace leak_exporter {

/// Writes debug blocks to standard output, or appends them to a file. Log
/// rotation may move or remove the file at any time; the next block then
/// creates a new one. Not thread-safe.
class BlockWriter {
 public:
  /// An empty path means standard output. A file is opened by the first Write.
  explicit BlockWriter(std::string path) : path_(std::move(path)) {}

  /// Writes the whole text, with a single write(2) if the kernel accepts it at
  /// once. An error carries the errno and the path; a part of the text may have
  /// been written by then.
  Result<void> Write(std::string_view text);

 private:
  Result<int> CurrentFile();

  std::string path_;
  UniqueFd file_;
};

}  // namespace leak_exporter
