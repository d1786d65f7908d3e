#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "metrics/base/result.h"

namespace leak_exporter {

/// No file that is read whole is longer, but for what a hostile process makes
/// of it. A list of so many bytes has 130,000 children.
inline constexpr size_t kMostFileBytes = size_t{1} << 20;

/// Reads a whole file into `buffer` and returns a view of it, which is valid
/// until the buffer's next change. The path is resolved as openat(2) does it.
/// The buffer keeps its capacity, so that a caller that reads thousands of
/// /proc files allocates once. The size that stat(2) tells is never trusted (it
/// is 0 in /proc): reading ends at the end of the file. A file of more than
/// kMostFileBytes is an error, EFBIG. Errors carry the errno and the path.
/// Thread-safe if no other thread uses `buffer`.
Result<std::string_view> ReadFileAt(int directory_fd, const char* path,
                                    std::string& buffer);

/// The same for a file of whole lines that the kernel writes in one piece, as
/// it does /proc/PID/stat and status (single_open in fs/proc). A read that
/// leaves room in the buffer and ends with a line is the last one: it needs no
/// further read to confirm the end of the file.
Result<std::string_view> ReadOnceAt(int directory_fd, const char* path,
                                    std::string& buffer);

/// The same, but reads no more than the first `most` bytes, for files whose
/// length the outside world decides. Does not wait for the other end of a FIFO.
Result<std::string_view> ReadPrefixAt(int directory_fd, const char* path,
                                      size_t most, std::string& buffer);

/// The same as ReadFileAt for an absolute path.
Result<std::string_view> ReadFile(const std::string& path, std::string& buffer);

/// Reads the target of a symbolic link, of any length up to PATH_MAX.
Result<std::string> ReadLinkAt(int directory_fd, const char* path);

}  // namespace leak_exporter
