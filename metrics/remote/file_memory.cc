#include "metrics/remote/file_memory.h"

#include <unistd.h>

#include <cerrno>
#include <limits>
#include <system_error>

#include "metrics/base/uninterrupted.h"

namespace leak_exporter {

Result<size_t> FileMemory::ReadSome(RemoteAddr address,
                                    std::span<std::byte> into) const {
  if (into.empty()) return size_t{0};
  const ssize_t got = Uninterrupted([&] {
    return ::pread(fd_.get(), into.data(), into.size(),
                   static_cast<off_t>(Value(address)));
  });
  if (got > 0) return static_cast<size_t>(got);
  const int code = got == 0 ? EFAULT : errno;
  return Failure(code, path_ + ": offset " + ToString(address) + ": " +
                           (got == 0 ? "end of file"
                                     : std::generic_category().message(code)));
}

Result<bool> FileMemory::IsWritten(RemoteAddr address, uint64_t size) const {
  constexpr auto kLargest =
      static_cast<uint64_t>(std::numeric_limits<off_t>::max());
  if (size == 0) return true;
  if (Value(address) > kLargest || size > kLargest - Value(address)) {
    return false;
  }
  const auto offset = static_cast<off_t>(Value(address));
  const off_t hole =
      Uninterrupted([&] { return ::lseek(fd_.get(), offset, SEEK_HOLE); });
  if (hole >= 0) return hole >= offset + static_cast<off_t>(size);
  // Nothing is there from the end of the file on.
  if (errno == ENXIO) return false;
  const int code = errno;
  return Failure(code, path_ + ": " + std::generic_category().message(code));
}

}  // namespace leak_exporter
