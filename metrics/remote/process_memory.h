#pragma once

#include <sys/types.h>

#include <span>

#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

/// A living process's memory, through process_vm_readv(2): the target is
/// neither stopped nor told. Needs what ptrace(2) calls read access: the same
/// uid and no other capabilities, or CAP_SYS_PTRACE (and what Yama allows).
///
/// The kernel reads by pid: whoever must be sure that it was still the same
/// process compares its start time after a set of reads. Thread-safe.
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
