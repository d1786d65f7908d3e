#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "metrics/base/result.h"

namespace leak_exporter {

/// Reads a whole file, resolved as openat(2) does it, into `buffer`, whose
/// capacity is kept so that a caller that reads thousands of /proc files
/// allocates once. Never trusts st_size (it is 0 in /proc) and reads until end
/// of file. Returns a view of `buffer`, valid until its next change. Errors
/// carry the errno and the path. Thread-safe where `buffer` is the caller's
/// own.
Result<std::string_view> ReadFileAt(int directory_fd, const char* path,
                                    std::string& buffer);

/// The same for a file that the kernel writes in one piece (/proc/PID/stat and
/// status: single_open in fs/proc): a read that leaves room in the buffer was
/// the last, so the one that would only confirm the end of file is saved.
Result<std::string_view> ReadOnceAt(int directory_fd, const char* path,
                                    std::string& buffer);

/// Reads no more than the first `most` bytes, for files whose length the
/// outside world decides. Does not wait for the other end of a FIFO.
Result<std::string_view> ReadPrefixAt(int directory_fd, const char* path,
                                      size_t most, std::string& buffer);

/// The same as ReadFileAt for an absolute path.
Result<std::string_view> ReadFile(const std::string& path, std::string& buffer);

/// Reads the target of a symbolic link, of any length up to PATH_MAX.
Result<std::string> ReadLinkAt(int directory_fd, const char* path);

}  // namespace leak_exporter
