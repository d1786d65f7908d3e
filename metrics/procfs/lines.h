#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "metrics/base/deadline.h"
#include "metrics/base/result.h"
#include "metrics/base/unique_fd.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::procfs {

/// Hands out the bytes of a file whose length the outside world decides, piece
/// by piece. Not thread-safe.
class PieceReader {
 public:
  /// `path` is for messages. `deadline` must outlive the reader.
  PieceReader(UniqueFd file, std::string path, const Deadline& deadline);

  /// Opens /proc/PID/NAME.
  static Result<PieceReader> Open(const ProcessHandle& process,
                                  const char* name, const Deadline& deadline);

  /// Reads at most `size` bytes and returns how many, 0 at the end. ETIMEDOUT
  /// past the deadline.
  Result<size_t> Read(char* to, size_t size);

  /// An error about a place in the file.
  tl::unexpected<Error> Located(Error error) const;

 private:
  UniqueFd file_;
  std::string path_;
  const Deadline* deadline_;
};

/// Calls `visit` with each line, without its newline, and its number, from 1.
/// Returns how many there were. An error of `visit` ends the reading. A line
/// that is torn or does not fit into the buffer is an error. `buffer` is
/// scratch of constant size, however long the file is.
Result<uint64_t> ForEachLine(
    PieceReader& reader, std::string& buffer,
    const std::function<Result<void>(std::string_view, size_t)>& visit);

/// The size of the buffer. The longest line of /proc/PID/maps is 73 bytes and a
/// path, that of mountinfo has three and the options of a mount. A path is
/// PATH_MAX (4096) long, four times as long where each byte is escaped.
inline constexpr size_t kLineBufferBytes = size_t{64} << 10;

}  // namespace leak_exporter::procfs
