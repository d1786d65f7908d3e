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
  /// Writes are seen by others ('s'), not private to the process ('p').
  bool shared = false;
  /// Where in the file it begins; 0 where there is no file, as are the next
  /// two.
  uint64_t offset = 0;
  /// As st_dev encodes them (makedev(3)).
  uint64_t device = 0;
  uint64_t inode = 0;
  /// As the kernel writes it: empty, "[heap]", "[anon:NAME]", or a path, with
  /// " (deleted)" behind it where the file has lost that name and "\012" for
  /// each newline in it. That text is not unescaped: a backslash of the name is
  /// not escaped, so the two cannot be told apart, and rows and labels stay one
  /// line. Points into the text that was parsed.
  std::string_view name;

  uint64_t bytes() const { return end - start; }
};

/// Parses one line without its newline. Touches no file. The error names
/// `line_number` and what is wrong.
Result<Mapping> ParseMapping(std::string_view line, size_t line_number);

inline constexpr std::string_view kAnonymousLabel = "anon";

/// What a mapping is called in labels and debug rows: its path, "[heap]",
/// "[stack]", and kAnonymousLabel for whatever else, as pmap(1) (procps 4.0)
/// has it: named anonymous memory ("[anon:…]"), thread stacks, [vdso],
/// [vsyscall], and what has no path in any filesystem ("anon_inode:…").
std::string_view MappingLabel(const Mapping& mapping);

/// Reads /proc/PID/maps and calls `visit` for each mapping by ascending
/// address. `buffer` is scratch of constant size, whatever the number of
/// mappings; names are valid within the call only. Returns how many there were:
/// 0 where there is no address space (zombies, kernel threads). A line that is
/// torn or cannot be parsed is an error that names it. Takes the target's
/// mmap_lock for reading, so a process in state D may make it wait.
Result<uint64_t> ForEachMapping(
    const ProcessHandle& process, std::string& buffer, const Deadline& deadline,
    const std::function<void(const Mapping&)>& visit);

/// The same, but only counts the lines, and parses none.
Result<uint64_t> CountMappings(const ProcessHandle& process,
                               std::string& buffer, const Deadline& deadline);

}  // namespace leak_exporter::procfs
