#pragma once

#include <sys/types.h>

#include <span>

#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

/// The memory of a living process, read through process_vm_readv(2). The
/// process is not stopped and does not notice. Reading takes what ptrace(2)
/// calls read access: the same uid and no more capabilities than this program
/// has, or CAP_SYS_PTRACE. Yama may forbid more.
///
/// The kernel reads by pid. A caller that must be sure that it was still the
/// same process compares its start time after a set of reads. Thread-safe.
class ProcessMemory final : public RemoteMemory {
 public:
  explicit ProcessMemory(pid_t pid) : pid_(pid) {}

  Result<size_t> ReadSome(RemoteAddr address,
                          std::span<std::byte> into) const override;
  Result<void> ReadBatch(std::span<ReadRequest> requests) const override;

 private:
  Error ReadError(int code, RemoteAddr address, size_t size) const;

  pid_t pid_;
};

}  // namespace leak_exporter
