#pragma once

#include <string>
#include <string_view>

#include "metrics/base/result.h"
#include "metrics/base/unique_fd.h"

namespace leak_exporter {

/// Where debug blocks go: a file that they are appended to, or standard output.
/// Log rotation may move or remove the file at any time; the next block then
/// begins a new one. Not thread-safe.
class BlockWriter {
 public:
  /// An empty path is standard output. Opens nothing yet.
  explicit BlockWriter(std::string path) : path_(std::move(path)) {}

  /// Writes the text whole, with one write(2) where the system takes it whole.
  /// Errors carry the errno and the path; a part may have been written then.
  Result<void> Write(std::string_view text);

 private:
  Result<int> CurrentFile();

  std::string path_;
  UniqueFd file_;
};

}  // namespace leak_exporter
