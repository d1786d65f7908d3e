#include "config/load_config.h"

#include <chrono>
#include <optional>
#include <utility>

#include "config/map_reader.h"
#include "config/read_targets.h"
#include "config/read_text.h"
#include "config/text_checks.h"
#include "config/yaml_tree.h"
#include "metrics/base/collector_id.h"

namespace leak_exporter::config {
namespace {

void ReadProcessTree(MapReader map, ProcessTreeConfig& config) {
  map.Bool("enabled", config.enabled);
  map.Count("top", config.top);
  map.RejectOthers();
}

void ReadMemory(MapReader map, MemoryConfig& config) {
  map.Bool("enabled", config.enabled);
  map.Bool(NameOf(CollectorId::kSmaps), config.smaps);
  map.Duration("smaps_interval", config.smaps_interval);
  map.Size("smaps_max_resident", config.smaps_max_resident_bytes);
  map.RejectOthers();
}

void ReadMappings(MapReader map, MappingsConfig& config) {
  map.Bool("enabled", config.enabled);
  map.Size("threshold", config.threshold_bytes);
  map.Count("top", config.top);
  map.RejectOthers();
}

void ReadOpenFiles(MapReader map, OpenFilesConfig& config) {
  map.Bool("enabled", config.enabled);
  map.RejectOthers();
}

void ReadDiskUsage(MapReader map, DiskUsageConfig& config) {
  map.Bool("enabled", config.enabled);
  map.Duration("min_interval", config.min_interval);
  map.Count("top", config.top);
  map.Bool("one_filesystem", config.one_filesystem);
  map.RejectOthers();
}

std::optional<std::string> CheckProcesses(const std::string& text) {
  if (text == "all" || text == "main") return std::nullopt;
  return "is not valid; expected all or main";
}

void ReadPythonHeap(MapReader map, PythonHeapConfig& config) {
  map.Bool("enabled", config.enabled);
  map.Duration("min_interval", config.min_interval);
  map.Count("top", config.top);
  map.Bool("values", config.values);
  map.Bool("freeze", config.freeze);
  std::string processes = config.children ? "all" : "main";
  map.String("processes", CheckProcesses, processes);
  config.children = processes == "all";
  map.Count("max_processes", config.max_processes);
  map.Share("cpu_share", config.cpu_share);
  map.RejectOthers();
}

// Reads the map under a key with the function for its schema.
template <typename T>
void ReadBlock(MapReader& map, std::string_view key,
               void (*read)(MapReader, T&), T& config) {
  if (const YamlNode* const node = map.Find(key)) {
    read(MapReader(*node, map.PathOf(key), map.errors()), config);
  }
}

void ReadCollector(CollectorId id, MapReader& map, CollectorsConfig& config) {
  const std::string_view key = NameOf(id);
  switch (id) {
    case CollectorId::kProcessTree:
      return ReadBlock(map, key, ReadProcessTree, config.process_tree);
    case CollectorId::kMemory:
      return ReadBlock(map, key, ReadMemory, config.memory);
    case CollectorId::kMappings:
      return ReadBlock(map, key, ReadMappings, config.mappings);
    case CollectorId::kOpenFiles:
      return ReadBlock(map, key, ReadOpenFiles, config.open_files);
    case CollectorId::kDiskUsage:
      return ReadBlock(map, key, ReadDiskUsage, config.disk_usage);
    case CollectorId::kPythonHeap:
      return ReadBlock(map, key, ReadPythonHeap, config.python_heap);
    case CollectorId::kTargets:
    case CollectorId::kSmaps:
      // What is found is a list of its own; `smaps` is a key of `memory`.
      return;
  }
}

void ReadCollectors(MapReader map, CollectorsConfig& config) {
  for (const CollectorId id : kValuesOf<CollectorId>) {
    ReadCollector(id, map, config);
  }
  map.RejectOthers();
}

// A profile's block is there to give its interval, so one without is a mistake.
void ReadProfile(MapReader map,
                 std::optional<std::chrono::nanoseconds>& interval) {
  std::chrono::nanoseconds given{0};
  if (map.Find("interval") == nullptr) {
    map.Missing("interval", "a duration such as 5 minutes");
  } else {
    map.Duration("interval", given);
    interval = given;
  }
  map.RejectOthers();
}

void ReadDebugging(MapReader map, DebuggingConfig& config) {
  ReadBlock(map, "memory_profile", ReadProfile, config.memory_profile_interval);
  ReadBlock(map, "pid_profile", ReadProfile, config.pid_profile_interval);
  ReadBlock(map, "disk_profile", ReadProfile, config.disk_profile_interval);
  ReadBlock(map, "mapping_profile", ReadProfile,
            config.mapping_profile_interval);
  map.String("output", CheckFilePath, config.output);
  map.RejectOthers();
}

}  // namespace

ConfigResult ParseConfig(std::string_view text, Targets targets) {
  const auto root = ParseYaml(text);
  if (!root) return tl::unexpected(ConfigErrors{root.error()});
  Config config;
  ErrorList errors;
  MapReader map(**root, "", errors);
  ReadTargets(map, targets == Targets::kRequired, config.targets);
  ReadBlock(map, "collectors", ReadCollectors, config.collectors);
  ReadBlock(map, "debugging", ReadDebugging, config.debugging);
  map.RejectOthers();
  ConfigErrors found = errors.Take();
  if (!found.empty()) return tl::unexpected(std::move(found));
  return config;
}

ConfigResult LoadConfig(const std::string& path, Targets targets) {
  const auto text = ReadText(path);
  if (!text) return tl::unexpected(text.error());
  return ParseConfig(*text, targets);
}

}  // namespace leak_exporter::config
