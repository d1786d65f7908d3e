#include "metrics/render/json/json.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/base/utf8.h"
#include "metrics/render/support/find_by_pid.h"
#include "metrics/render/support/process_state.h"

namespace leak_exporter::render {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json TextOrNull(std::string_view text) {
  return text.empty() ? Json(nullptr) : Json(RepairUtf8(text));
}

template <typename T, typename ToJson>
Json Array(const std::vector<T>& elements, ToJson to_json) {
  Json array = Json::array();
  for (const T& element : elements) array.push_back(to_json(element));
  return array;
}

Json ObjectRow(const PythonObjectRow& row) {
  return {{"number", row.number},
          {"type", RepairUtf8(row.type_repr)},
          {"repr", RepairUtf8(row.repr)}};
}

Json TypeRow(const PythonTypeUsage& type) {
  return {{"number", type.objects}, {"type", RepairUtf8(type.repr)}};
}

Json MemoryProfile(const TargetSnapshot& target, pid_t pid) {
  const PythonProcess* const process =
      target.python_heap ? FindByPid(target.python_heap->processes, pid)
                         : nullptr;
  if (process == nullptr) return nullptr;
  return {{"python_version", RepairUtf8(process->version)},
          {"refs", Array(process->by_references, ObjectRow)},
          {"bytes", Array(process->by_bytes, ObjectRow)},
          {"types", Array(process->types, TypeRow)}};
}

Json PidProfile(const TargetSnapshot& target, pid_t pid) {
  if (!target.process_tree) return nullptr;
  Json children = Json::array();
  for (const ChildProcess& child : target.process_tree->children) {
    if (child.main_pid != pid) continue;
    children.push_back(
        {{"pid", child.pid},
         {"comm", RepairUtf8(child.comm)},
         {"state", kProcessStates[ProcessStateIndex(child.state)]},
         {"age_seconds", child.age_seconds},
         {"unreaped_seconds", OrNull(child.unreaped_seconds)}});
  }
  return {{"children", std::move(children)}};
}

void AddUsage(const std::optional<DirectoryUsage>& usage,
              std::string_view error, Json& directory) {
  directory["bytes"] = usage ? Json(usage->apparent_bytes) : Json(nullptr);
  directory["allocated_bytes"] =
      usage ? OrNull(usage->allocated_bytes) : Json(nullptr);
  directory["files"] = usage ? Json(usage->entries) : Json(nullptr);
  directory["error"] = TextOrNull(error);
}

Json RepositoryCaches(const DiskUsageSnapshot& disk, pid_t pid) {
  Json caches = Json::array();
  for (const RepositoryCache& cache : disk.repository_caches) {
    if (cache.main_pid != pid) continue;
    const bool is_known = cache.exists || cache.error.empty();
    Json& directory = caches.emplace_back();
    directory["path"] = RepairUtf8(cache.path);
    directory["exists"] = is_known ? Json(cache.exists) : Json(nullptr);
    AddUsage(cache.usage, cache.error, directory);
  }
  return caches;
}

Json TemporaryDirectories(const DiskUsageSnapshot& disk, pid_t pid) {
  Json directories = Json::array();
  for (const TemporaryDirectory& temporary : disk.temporary_directories) {
    if (temporary.main_pid != pid) continue;
    Json& directory = directories.emplace_back();
    directory["path"] = RepairUtf8(temporary.path);
    directory["pid"] = temporary.pid == 0 ? Json(nullptr) : Json(temporary.pid);
    AddUsage(temporary.usage, temporary.error, directory);
  }
  return directories;
}

Json DiskProfile(const TargetSnapshot& target, pid_t pid) {
  Json profile = {{"repository_caches", nullptr},
                  {"temporary_directories", nullptr},
                  {"open_files", nullptr}};
  if (target.disk_usage) {
    profile["repository_caches"] = RepositoryCaches(*target.disk_usage, pid);
    Json directories = TemporaryDirectories(*target.disk_usage, pid);
    if (target.disk_usage->working_directories_known || !directories.empty()) {
      profile["temporary_directories"] = std::move(directories);
    }
  }
  const ProcessOpenFiles* const files =
      target.open_files ? FindByPid(target.open_files->processes, pid)
                        : nullptr;
  if (files != nullptr) profile["open_files"] = Array(files->paths, RepairUtf8);
  return profile;
}

Json MappingProfile(const TargetSnapshot& target, pid_t pid) {
  const ProcessMappings* const process =
      target.mappings ? FindByPid(target.mappings->processes, pid) : nullptr;
  if (process == nullptr) return nullptr;
  return {{"mappings", Array(process->mappings,
                             [](const NamedBytes& mapping) -> Json {
                               return {{"name", RepairUtf8(mapping.name)},
                                       {"bytes", mapping.bytes}};
                             })},
          {"total_bytes", process->total_bytes}};
}

void AddProfile(DebugBlock profile, const TargetSnapshot& target, pid_t pid,
                Json& process) {
  switch (profile) {
    case DebugBlock::kMemory:
      process["memory_profile"] = MemoryProfile(target, pid);
      break;
    case DebugBlock::kPid:
      process["pid_profile"] = PidProfile(target, pid);
      break;
    case DebugBlock::kDisk:
      process["disk_profile"] = DiskProfile(target, pid);
      break;
    case DebugBlock::kMapping:
      process["mapping_profile"] = MappingProfile(target, pid);
      break;
  }
}

Json Collector(const CollectorRun& run) {
  return {{"collector", NameOf(run.collector)},
          {"success", run.success},
          {"duration_seconds", run.duration_seconds},
          {"timestamp_seconds", OrNull(run.timestamp_unix_seconds)},
          {"errors", Array(run.errors, [](const CollectorError& error) -> Json {
             return {{"cause", NameOf(error.cause)},
                     {"count", error.count},
                     {"message", RepairUtf8(error.message)}};
           })}};
}

Json Target(const TargetSnapshot& target,
            std::span<const DebugBlock> profiles) {
  Json processes = Json::array();
  for (const MainProcess& main : target.main_processes) {
    Json& process = processes.emplace_back();
    process["pid"] = main.pid;
    process["start_time_seconds"] = main.start_time_unix_seconds;
    for (const DebugBlock profile : profiles) {
      AddProfile(profile, target, main.pid, process);
    }
  }
  return {{"target", RepairUtf8(target.target)},
          {"processes", std::move(processes)},
          {"collectors", Array(target.runs, Collector)}};
}

}  // namespace

std::string BlocksJson(const Snapshot& snapshot,
                       std::span<const DebugBlock> profiles) {
  Json targets = Json::array();
  for (const TargetSnapshot& target : snapshot.targets) {
    targets.push_back(Target(target, profiles));
  }
  const Json document = {{"timestamp_seconds", snapshot.timestamp_unix_seconds},
                         {"targets", std::move(targets)}};
  return document.dump() + '\n';
}

}  // namespace leak_exporter::render
