#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "metrics/snapshot.h"

namespace leak_exporter {

/// What a snapshot says, by name: "memory/main/resident_bytes" is "1024". An
/// absent value has no name there. Left out is what depends on the moment: the
/// room on filesystems, how long something took, and since when something has
/// been seen.
class SnapshotValues {
 public:
  using Values = std::map<std::string, std::string>;

  static Values Of(const TargetSnapshot& snapshot) {
    SnapshotValues values;
    for (const MainProcess& process : snapshot.main_processes) {
      values.Put("main/" + std::to_string(process.pid),
                 process.start_time_unix_seconds);
    }
    if (snapshot.process_tree) values.AddTree(*snapshot.process_tree);
    if (snapshot.memory) values.AddMemory(*snapshot.memory);
    if (snapshot.proportional_memory) {
      values.AddProportional(*snapshot.proportional_memory);
    }
    if (snapshot.mappings) values.AddMappings(*snapshot.mappings);
    if (snapshot.open_files) values.AddOpenFiles(*snapshot.open_files);
    if (snapshot.disk_usage) values.AddDisk(*snapshot.disk_usage);
    return std::move(values.values_);
  }

 private:
  void Put(const std::string& name, const std::string& text) {
    values_[name] = text;
  }
  void Put(const std::string& name, double number) {
    values_[name] = std::to_string(number);
  }
  void Put(const std::string& name, uint64_t number) {
    values_[name] = std::to_string(number);
  }
  template <typename T>
  void Put(const std::string& name, const std::optional<T>& value) {
    if (value) Put(name, *value);
  }

  /// Calls `add` with the name and the value of each scope.
  template <typename T, typename Add>
  static void ForScopes(const std::string& name, const ByScope<T>& scopes,
                        const Add& add) {
    add(name + "/main", scopes.main);
    add(name + "/children", scopes.children);
  }

  void AddTree(const ProcessTreeSnapshot& tree) {
    for (const ChildProcess& child : tree.children) {
      const std::string name = "tree/" + std::to_string(child.pid);
      Put(name, std::to_string(child.main_pid) + child.state + child.comm);
    }
    for (const Container& container : tree.containers) {
      Put("container/" + std::to_string(container.main_pid), container.id);
    }
  }

  void AddMemory(const MemorySnapshot& memory) {
    ForScopes("memory", memory.usage,
              [this](const std::string& name, const MemoryUsage& usage) {
                Put(name + "/threads", usage.threads);
                Put(name + "/resident", usage.resident_bytes);
                Put(name + "/anonymous", usage.anonymous_bytes);
                Put(name + "/file", usage.file_bytes);
                Put(name + "/shared", usage.shared_bytes);
                Put(name + "/swap", usage.swap_bytes);
              });
    Put("memory/peak", memory.peak_resident_bytes);
    Put("memory/limit", memory.limit_bytes);
    Put("memory/limit ratio", memory.limit_ratio);
    Put("memory/cgroup limit ratio", memory.cgroup_limit_ratio);
  }

  void AddProportional(const ProportionalMemorySnapshot& memory) {
    ForScopes("smaps", memory.usage,
              [this](const std::string& name, const ProportionalMemory& usage) {
                Put(name + "/pss", usage.proportional_bytes);
                Put(name + "/uss", usage.unique_bytes);
              });
  }

  void AddMappings(const MappingsSnapshot& mappings) {
    for (const ProcessMappings& process : mappings.processes) {
      const std::string name = "mappings/" + std::to_string(process.pid);
      Put(name, process.total_bytes);
      for (const NamedBytes& mapping : process.mappings) {
        Put(name + mapping.name, mapping.bytes);
      }
    }
    for (const NamedBytes& sum : mappings.by_name) {
      Put("mappings/sum" + sum.name, sum.bytes);
    }
    Put("mappings/anonymous", mappings.anonymous_count);
    Put("mappings/count/main", mappings.count.main);
    Put("mappings/count/children", mappings.count.children);
    Put("mappings/limit", mappings.limit);
  }

  void AddOpenFiles(const OpenFilesSnapshot& files) {
    ForScopes(
        "fd", files.usage,
        [this](const std::string& name, const OpenFilesUsage& usage) {
          for (size_t kind = 0; usage.by_kind && kind < kFileKinds; ++kind) {
            Put(name + "/" + std::to_string(kind), (*usage.by_kind)[kind]);
          }
          Put(name + "/limit", usage.limit);
          Put(name + "/ratio", usage.limit_ratio);
          Put(name + "/deleted", usage.deleted_bytes);
        });
    for (const ProcessOpenFiles& process : files.processes) {
      std::string paths;
      for (const std::string& path : process.paths) paths += path + "\n";
      Put("fd/" + std::to_string(process.pid), paths);
    }
  }

  void AddDisk(const DiskUsageSnapshot& disk) {
    for (const RepositoryCache& cache : disk.repository_caches) {
      const std::string name = "cache/" + cache.path;
      if (cache.error.empty()) {
        Put(name + "/exists", std::string(cache.exists ? "yes" : "no"));
      }
      AddUsage(name, cache.usage);
    }
    for (const TemporaryDirectory& directory : disk.temporary_directories) {
      AddUsage("temporary/" + directory.path, directory.usage);
    }
  }

  void AddUsage(const std::string& name,
                const std::optional<DirectoryUsage>& usage) {
    if (!usage) return;
    Put(name + "/apparent", usage->apparent_bytes);
    Put(name + "/allocated", usage->allocated_bytes);
    Put(name + "/entries", usage->entries);
  }

  Values values_;
};

}  // namespace leak_exporter
