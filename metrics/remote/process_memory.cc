#include "metrics/remote/process_memory.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace leak_exporter {
namespace {

// The kernel takes up to UIO_MAXIOV (1024) ranges in a call. More than a few
// hundred make it no cheaper.
constexpr size_t kVectors = 256;

iovec RemoteVector(RemoteAddr address, size_t size) {
  return {reinterpret_cast<void*>(Value(address)), size};
}

// process_vm_readv(2) fails with EFAULT for bad addresses, and with EINVAL for
// their sum.
bool IsBadAddress(int code) { return code == EFAULT || code == EINVAL; }

}  // namespace

Error ProcessMemory::ReadError(int code, RemoteAddr address,
                               size_t size) const {
  const std::string message = "process " + std::to_string(pid_) + ": " +
                              std::to_string(size) + " bytes at " +
                              ToString(address) + ": " +
                              std::generic_category().message(code);
  return {IsBadAddress(code) ? EFAULT : code, message};
}

Result<size_t> ProcessMemory::ReadSome(RemoteAddr address,
                                       std::span<std::byte> into) const {
  if (into.empty()) return size_t{0};
  const iovec local = {into.data(), into.size()};
  const iovec remote = RemoteVector(address, into.size());
  const ssize_t got = ::process_vm_readv(pid_, &local, 1, &remote, 1, 0);
  if (got > 0) return static_cast<size_t>(got);
  return tl::unexpected<Error>(
      ReadError(got == 0 ? EFAULT : errno, address, into.size()));
}

Result<void> ProcessMemory::ReadBatch(std::span<ReadRequest> requests) const {
  std::array<iovec, kVectors> local;
  std::array<iovec, kVectors> remote;
  while (!requests.empty()) {
    const size_t count = std::min(requests.size(), kVectors);
    for (size_t i = 0; i < count; ++i) {
      ReadRequest& request = requests[i];
      request.got = 0;
      local[i] = {request.into.data(), request.into.size()};
      remote[i] = RemoteVector(request.address, request.into.size());
    }
    const ssize_t result =
        ::process_vm_readv(pid_, local.data(), count, remote.data(), count, 0);
    if (result < 0 && !IsBadAddress(errno)) {
      const ReadRequest& first = requests.front();
      return tl::unexpected<Error>(
          ReadError(errno, first.address, first.into.size()));
    }
    // Bytes arrive in order and stop at the first page that cannot be read. All
    // requests before that page are whole, the request that reaches it is cut,
    // and the next call goes on behind that request.
    auto left = static_cast<size_t>(std::max<ssize_t>(result, 0));
    size_t done = 0;
    while (done < count) {
      ReadRequest& request = requests[done++];
      request.got = std::min(left, request.into.size());
      left -= request.got;
      if (!request.complete()) break;
    }
    requests = requests.subspan(done);
  }
  return {};
}

}  // namespace leak_exporter
