#include "metrics/render/debug/block_content.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "metrics/render/debug/plain_text.h"
#include "metrics/render/support/find_by_pid.h"

namespace leak_exporter::render {
namespace {

// As many as each table of the MEMORY block has.
constexpr size_t kRows = 10;

void AppendList(const std::vector<uint64_t>& numbers, std::string& out) {
  std::string_view separator;
  for (const uint64_t number : numbers) {
    out += separator;
    out += std::to_string(number);
    separator = ", ";
  }
}

void AppendReason(std::string_view what, std::string_view reason,
                  std::string& out) {
  out += what;
  out += " not available: ";
  AppendPlainText(reason, out);
  out += '\n';
}

/// Says in a line for each cause why a collector has no result.
void AppendMissing(std::string_view what, CollectorId collector,
                   const TargetSnapshot& target, std::string& out) {
  const auto run =
      std::ranges::find(target.runs, collector, &CollectorRun::collector);
  if (run == target.runs.end()) {
    AppendReason(what, "the collector is off, or its first run has not ended",
                 out);
  } else if (run->errors.empty()) {
    AppendReason(what,
                 collector == CollectorId::kPythonHeap
                     ? "no CPython in this process, or it is only starting"
                     : "there is no result",
                 out);
  } else {
    for (const CollectorError& error : run->errors) {
      AppendReason(what, error.message, out);
    }
  }
}

template <typename Row, typename AppendRow>
void AppendRows(std::string_view heading, const std::vector<Row>& rows,
                AppendRow append_row, std::string& out) {
  out += heading;
  for (const Row& row : std::span(rows).first(std::min(kRows, rows.size()))) {
    append_row(row);
    out += '\n';
  }
}

void AppendTypes(const PythonProcess& process, std::string& out) {
  AppendRows(
      "\ntypes:\n", process.types,
      [&out](const PythonTypeUsage& type) {
        out += std::to_string(type.objects) + "\t ";
        AppendPlainText(type.repr, out);
      },
      out);
}

void AppendMemory(const TargetSnapshot& target, pid_t pid, std::string& out) {
  const PythonProcess* const process =
      target.python_heap ? FindByPid(target.python_heap->processes, pid)
                         : nullptr;
  if (process != nullptr) {
    AppendHeap(*process, out);
  } else {
    AppendMissing("Python heap", CollectorId::kPythonHeap, target, out);
  }
}

void AppendPid(const TargetSnapshot& target, pid_t pid, std::string& out) {
  if (!target.process_tree) {
    AppendMissing("Child processes", CollectorId::kProcessTree, target, out);
    return;
  }
  std::vector<uint64_t> pids;
  std::vector<uint64_t> ages;
  std::vector<uint64_t> zombies;
  for (const ChildProcess& child : target.process_tree->children) {
    if (child.main_pid != pid) continue;
    pids.push_back(static_cast<uint64_t>(child.pid));
    ages.push_back(static_cast<uint64_t>(std::max(child.age_seconds, 0.0)));
    if (child.state == 'Z') zombies.push_back(pids.back());
  }
  if (pids.empty()) {
    out += "There are no child processes.\n";
  } else {
    out += "There are " + std::to_string(pids.size()) +
           " child processes. PIDs are: ";
    AppendList(pids, out);
    out += " - spawned ";
    AppendList(ages, out);
    out += " seconds ago, respectively\n";
  }
  if (zombies.empty()) {
    out += "None are zombie processes.\n";
  } else {
    out += std::to_string(zombies.size()) + " are zombie processes. PIDs are: ";
    AppendList(zombies, out);
    out += '\n';
  }
}

/// A directory's size, or why it is not known.
void AppendSize(const std::optional<DirectoryUsage>& usage,
                std::string_view error, std::string& out) {
  if (usage) {
    out += std::to_string(usage->apparent_bytes) + " bytes";
  } else if (!error.empty()) {
    AppendPlainText(error, out);
  } else {
    out += "not measured yet";
  }
}

/// The path stands in the line only where there are several to tell apart.
void AppendRepositoryCaches(const DiskUsageSnapshot& disk, pid_t pid,
                            std::string& out) {
  const auto count = std::ranges::count(disk.repository_caches, pid,
                                        &RepositoryCache::main_pid);
  if (count == 0) out += "Repository cache does not exist.\n";
  for (const RepositoryCache& cache : disk.repository_caches) {
    if (cache.main_pid != pid) continue;
    out += "Repository cache";
    if (count > 1) {
      out += " (";
      AppendPlainText(cache.path, out);
      out += ')';
    }
    if (!cache.exists && cache.error.empty()) {
      out += " does not exist.\n";
      continue;
    }
    out += ": ";
    AppendSize(cache.usage, cache.error, out);
    out += '\n';
  }
}

void AppendTemporaryDirectories(const DiskUsageSnapshot& disk, pid_t pid,
                                std::string& out) {
  bool in_use = false;
  std::string unused;
  for (const TemporaryDirectory& directory : disk.temporary_directories) {
    if (directory.main_pid != pid) continue;
    const bool has_child = directory.pid != 0;
    std::string& lines = has_child ? out : unused;
    lines += has_child ? "Temporary directory in use by PID " +
                             std::to_string(directory.pid) + ": "
                       : "Temporary directory not in use by a child: ";
    AppendPlainText(directory.path, lines);
    lines += " (";
    AppendSize(directory.usage, directory.error, lines);
    lines += ")\n";
    in_use = in_use || has_child;
  }
  if (!disk.working_directories_known) {
    out += "Temporary directories in use are not known.\n";
  } else if (!in_use) {
    out += "No temporary directories in use.\n";
  }
  out += unused;
}

void AppendOpenFiles(const TargetSnapshot& target, pid_t pid,
                     std::string& out) {
  const ProcessOpenFiles* const files =
      target.open_files ? FindByPid(target.open_files->processes, pid)
                        : nullptr;
  if (files == nullptr) {
    AppendMissing("Open files", CollectorId::kOpenFiles, target, out);
    return;
  }
  out += files->paths.empty() ? "No other open files." : "Other open files: ";
  std::string_view separator;
  for (const std::string& path : files->paths) {
    out += separator;
    AppendPlainText(path, out);
    separator = ", ";
  }
  out += '\n';
}

void AppendDisk(const TargetSnapshot& target, pid_t pid, std::string& out) {
  if (target.disk_usage) {
    AppendRepositoryCaches(*target.disk_usage, pid, out);
    AppendTemporaryDirectories(*target.disk_usage, pid, out);
  } else {
    AppendMissing("Disk usage", CollectorId::kDiskUsage, target, out);
  }
  AppendOpenFiles(target, pid, out);
}

void AppendMapping(const TargetSnapshot& target, pid_t pid, std::string& out) {
  const ProcessMappings* const mappings =
      target.mappings ? FindByPid(target.mappings->processes, pid) : nullptr;
  if (mappings == nullptr) {
    AppendMissing("Mappings", CollectorId::kMappings, target, out);
    return;
  }
  for (const NamedBytes& mapping : mappings->mappings) {
    out += std::to_string(mapping.bytes / 1024) + ' ';
    AppendPlainText(mapping.name, out);
    out += '\n';
  }
  out += std::to_string(mappings->total_bytes / 1024) + " total\n";
}

}  // namespace

void AppendHeap(const PythonProcess& process, std::string& out) {
  if (!process.unknown_sizes.empty()) {
    out += "refs:\n";
    AppendReason("References", process.unknown_sizes, out);
    out += "\nbytes:\n";
    AppendReason("Sizes", process.unknown_sizes, out);
    AppendTypes(process, out);
    return;
  }
  AppendRows(
      "refs:\n", process.by_references,
      [&out](const PythonObjectRow& row) {
        out += std::to_string(row.number) + '\t';
        AppendPlainText(row.type_repr, out);
        out += ' ';
        AppendPlainText(row.repr, out);
      },
      out);
  AppendRows(
      "\nbytes:\n", process.by_bytes,
      [&out](const PythonObjectRow& row) {
        out += std::to_string(row.number) + "\t ";
        AppendPlainText(row.repr, out);
      },
      out);
  AppendTypes(process, out);
}

void AppendBlockContent(DebugBlock profile, const TargetSnapshot& target,
                        pid_t pid, std::string& out) {
  switch (profile) {
    case DebugBlock::kMemory:
      return AppendMemory(target, pid, out);
    case DebugBlock::kPid:
      return AppendPid(target, pid, out);
    case DebugBlock::kDisk:
      return AppendDisk(target, pid, out);
    case DebugBlock::kMapping:
      return AppendMapping(target, pid, out);
  }
}

}  // namespace leak_exporter::render
