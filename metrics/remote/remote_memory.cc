#include "metrics/remote/remote_memory.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

namespace leak_exporter {

std::string ToString(RemoteAddr address) {
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                 Value(address), 16);
  return "0x" + std::string(digits.data(), end.ptr);
}

bool EndsReading(const Error& error) {
  return IsGone(error) || IsPermission(error) || error.code == ETIMEDOUT;
}

Result<void> RemoteMemory::ReadBatch(std::span<ReadRequest> requests) const {
  for (ReadRequest& request : requests) {
    request.got = 0;
    if (request.into.empty()) continue;
    const auto read = ReadSome(request.address, request.into);
    if (read) {
      request.got = *read;
    } else if (EndsReading(read.error())) {
      return tl::unexpected<Error>(read.error());
    }
  }
  return {};
}

Result<void> RemoteMemory::ReadWhole(RemoteAddr address,
                                     std::span<std::byte> into,
                                     size_t& got) const {
  got = 0;
  while (got < into.size()) {
    const auto read = ReadSome(address + got, into.subspan(got));
    if (!read) return tl::unexpected<Error>(read.error());
    got += *read;
  }
  return {};
}

Result<size_t> RemoteMemory::ReadAvailable(RemoteAddr address,
                                           std::span<std::byte> into) const {
  size_t got = 0;
  const auto read = ReadWhole(address, into, got);
  if (!read && (got == 0 || EndsReading(read.error()))) {
    return tl::unexpected<Error>(read.error());
  }
  return got;
}

Result<void> RemoteMemory::ReadExact(RemoteAddr address,
                                     std::span<std::byte> into) const {
  size_t got = 0;
  auto read = ReadWhole(address, into, got);
  if (!read && read.error().code == EFAULT && got > 0) {
    return Failure(EFAULT, std::to_string(into.size()) + " bytes at " +
                               ToString(address) + ": only " +
                               std::to_string(got) + " can be read");
  }
  return read;
}

Result<std::string> RemoteMemory::ReadCString(RemoteAddr address,
                                              size_t limit) const {
  constexpr size_t kStep = 64;
  std::string text;
  std::array<std::byte, kStep> step;
  while (text.size() < limit) {
    const size_t wanted = std::min(kStep, limit - text.size());
    const auto got =
        ReadSome(address + text.size(), std::span(step).first(wanted));
    if (!got) return tl::unexpected<Error>(got.error());
    const auto* begin = reinterpret_cast<const char*>(step.data());
    const auto* end = std::find(begin, begin + *got, '\0');
    text.append(begin, end);
    if (end != begin + *got) return text;
  }
  return Failure(0, "string at " + ToString(address) + ": longer than " +
                        std::to_string(limit) + " bytes");
}

}  // namespace leak_exporter
