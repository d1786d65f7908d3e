#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "metrics/base/clock.h"
#include "metrics/base/deadline.h"
#include "metrics/base/result.h"
#include "metrics/cpython/heap/heap_visitor.h"
#include "metrics/cpython/heap/heap_walk.h"
#include "metrics/cpython/heap/stopped_copy.h"
#include "metrics/cpython/objects/type_table.h"
#include "metrics/cpython/runtime/interpreter.h"
#include "metrics/procfs/process_handle.h"
#include "metrics/remote/address_range.h"
#include "metrics/remote/guarded_memory.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

/// Past the deadline a walk ends. What it found still wants names: for so long
/// reads succeed.
inline constexpr std::chrono::milliseconds kTimeForNames{1000};

struct AttachOptions {
  /// Stop the process while its memory is copied, and read the copy.
  bool freeze = false;
  StoppedCopyLimits stopped_copy;
};

/// A CPython whose heap can be read: a living process, a copy of one, or a
/// recorded heap. It refers to what it is made of and owns nothing.
struct AttachedPython {
  const RemoteMemory& memory;
  /// Through which `memory` reads the process.
  const GuardedMemory& guard;
  /// Where the process has readable memory now.
  MappedReader find_mapped;
  const PythonRuntime& runtime;
  /// Where objects can lie, in ascending order.
  std::span<const AddressRange> ranges;
  /// How long the process was stopped for the copy; 0 where nothing was copied.
  std::chrono::nanoseconds paused{};
  /// Why parts of the heap are missing in `ranges`; empty where none are.
  std::string incomplete = {};

  const Layout& layout() const { return runtime.layout; }

  /// Visits the heap once. `types` is a new table over `memory`. See WalkHeap()
  /// for errors.
  Result<HeapWalk> Walk(TypeTable& types, HeapVisitor& visitor,
                        const HeapWalkLimits& limits,
                        const Deadline& deadline) const {
    auto walk =
        WalkHeap(memory, runtime, ranges, types, visitor, limits, deadline);
    if (walk && walk->incomplete.empty()) walk->incomplete = incomplete;
    return walk;
  }

  /// Tells, after all has been read, why some of it may be missing; absent
  /// where every read that matters succeeded. Fails where the process ended, or
  /// where the kernel began to refuse, while it was read.
  Result<std::optional<Error>> FindMissed() const;
};

using PythonUser = std::function<Result<void>(const AttachedPython&)>;

/// Finds the CPython of a process and calls `use` with it, once. What `use` was
/// given is valid during the call only. Returns false, and does not call `use`,
/// where the process is no CPython.
///
/// The process's own memory is read through process_vm_readv(2), which takes
/// the right to ptrace the process; its RSS stays what it is. What `use` read
/// is of one program: the process is looked at again after the call.
///
/// Errors: those of `use`; IsGone when the process ended or became another
/// program meanwhile, whatever else went wrong; IsPermission, with a hint at
/// the rights, also where the kernel began to refuse during the call; ETIMEDOUT
/// where the deadline passed before the call; reasons why an interpreter is not
/// understood. From kTimeForNames after the deadline on no read succeeds.
/// Thread-safe; CopyStopped() says what `freeze` asks of the calling thread.
Result<bool> UsePython(const procfs::ProcessHandle& process,
                       const AttachOptions& options, const Clock& clock,
                       const Deadline& deadline, const PythonUser& use);

/// The same for a `use` that returns a Result<T>: gives its T, and is absent
/// where the process is no CPython.
template <typename Use>
auto WithPython(const procfs::ProcessHandle& process,
                const AttachOptions& options, const Clock& clock,
                const Deadline& deadline, const Use& use)
    -> Result<std::optional<typename std::invoke_result_t<
        const Use&, const AttachedPython&>::value_type>> {
  using Value =
      typename std::invoke_result_t<const Use&,
                                    const AttachedPython&>::value_type;
  std::optional<Value> value;
  const auto used =
      UsePython(process, options, clock, deadline,
                [&](const AttachedPython& python) -> Result<void> {
                  auto result = use(python);
                  if (!result) return tl::unexpected<Error>(result.error());
                  value.emplace(*std::move(result));
                  return {};
                });
  if (!used) return tl::unexpected<Error>(used.error());
  return value;
}

}  // namespace leak_exporter::cpython
