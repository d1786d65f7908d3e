#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "metrics/base/deadline.h"
#include "metrics/base/result.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::procfs {

/// One line of /proc/PID/maps (proc(5); kernel: fs/proc/task_mmu.c).
struct Mapping {
  uint64_t start = 0;
  /// Exclusive.
  uint64_t end = 0;
  bool readable = false;
  bool writable = false;
  /// Whether other processes see what is written ('s'), or it is private ('p').
  bool shared = false;
  /// Where in the file the mapping begins. This and the next two are 0 where
  /// there is no file.
  uint64_t offset = 0;
  /// As st_dev encodes them (makedev(3)).
  uint64_t device = 0;
  uint64_t inode = 0;
  /// The name as the kernel writes it: empty, "[heap]", "[anon:NAME]", or a
  /// path. The kernel appends " (deleted)" where the file has lost that name,
  /// and writes "\012" for a newline. The text stays as it is: a backslash of
  /// the name is not escaped, so the two cannot be told apart, and labels and
  /// rows stay one line. Points into the text that was parsed.
  std::string_view name;

  uint64_t bytes() const { return end - start; }
};

/// Parses one line, which comes without its newline. Touches no file. The error
/// names `line_number` and what is wrong.
Result<Mapping> ParseMapping(std::string_view line, size_t line_number);

inline constexpr std::string_view kAnonymousLabel = "anon";

/// What a mapping is called in labels and debug rows, as pmap(1) of procps 4.0
/// has it: its path, "[heap]" or "[stack]", and kAnonymousLabel for everything
/// else. That is named anonymous memory ("[anon:…]"), thread stacks, [vdso],
/// [vsyscall], and what has no path in any filesystem ("anon_inode:…").
std::string_view MappingLabel(const Mapping& mapping);

/// Reads /proc/PID/maps, calls `visit` for each mapping by ascending address,
/// and returns how many there were. There are 0 where the process has no
/// address space (zombies, kernel threads). A name is valid only while `visit`
/// runs. `buffer` is scratch of constant size, whatever the number of mappings.
/// A line that is torn or malformed is an error that names it. ETIMEDOUT after
/// the deadline. The kernel takes the target's mmap_lock for reading, so a
/// process in state D may make the call wait.
Result<uint64_t> ForEachMapping(
    const ProcessHandle& process, std::string& buffer, const Deadline& deadline,
    const std::function<void(const Mapping&)>& visit);

/// Counts the mappings in the same way, without parsing the lines.
Result<uint64_t> CountMappings(const ProcessHandle& process,
                               std::string& buffer, const Deadline& deadline);

}  // namespace leak_exporter::procfs
