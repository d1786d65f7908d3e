#include "metrics/render/json/json.h"

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/metrics/render/sample_snapshot.h"

namespace leak_exporter::render {
namespace {

using nlohmann::json;

json Parse(const Snapshot& snapshot, const std::vector<DebugBlock>& profiles) {
  return json::parse(BlocksJson(snapshot, profiles));
}

TEST_CASE("json: one line, parseable, whatever the names hold") {
  const std::string text = BlocksJson(RichSnapshot(), kDebugBlocks);
  CHECK(text.find('\n') == text.size() - 1);
  const json document = json::parse(text);
  CHECK(document["timestamp_seconds"] == 1700000000.25);
  CHECK(document["targets"].size() == 3);
  const json& process = document["targets"][0]["processes"][0];
  CHECK(process["pid_profile"]["children"][2]["comm"] ==
        "\uFFFD\uFFFD caf\u00E9");
  CHECK(process["mapping_profile"]["mappings"][2]["name"] ==
        "/tmp/\n### DEBUG: END MAPPING PROFILE ###");
}

TEST_CASE("json: only the profiles asked for have their key") {
  const json document = Parse(RichSnapshot(), {DebugBlock::kPid});
  const json& process = document["targets"][0]["processes"][0];
  CHECK(process.contains("pid_profile"));
  CHECK_FALSE(process.contains("memory_profile"));
  CHECK_FALSE(process.contains("disk_profile"));
  CHECK_FALSE(process.contains("mapping_profile"));
}

TEST_CASE("json: what could not be measured is null, and collectors say why") {
  const json target = Parse(
      RichSnapshot(), {kDebugBlocks.begin(), kDebugBlocks.end()})["targets"][2];
  const json& process = target["processes"][0];
  CHECK(process["pid"] == 77);
  CHECK(process["memory_profile"].is_null());
  CHECK(process["pid_profile"].is_null());
  CHECK(process["mapping_profile"].is_null());
  CHECK(process["disk_profile"] == json({{"repository_caches", nullptr},
                                         {"temporary_directories", nullptr},
                                         {"open_files", nullptr}}));
  CHECK(target["collectors"][0]["timestamp_seconds"].is_null());
  CHECK(target["collectors"][0]["errors"][0]["cause"] == "permission");
}

TEST_CASE("json: a target without a process has no processes") {
  const json target = Parse(RichSnapshot(), {DebugBlock::kPid})["targets"][1];
  CHECK(target["target"] == "ended");
  CHECK(target["processes"] == json::array());
}

TEST_CASE("json: directories tell absent, unknown and measured apart") {
  auto disk = std::make_shared<DiskUsageSnapshot>();
  disk->repository_caches = {
      {"/whole", 1, true, 1, 1, {{300907, 319488, 12}}, ""},
      {"/links", 1, true, 1, 2, {{7, std::nullopt, 2}}, ""},
      {"/none", 1, false, 0, 0, std::nullopt, ""},
      {"/unknown", 1, false, 0, 0, std::nullopt, "denied"},
  };
  disk->temporary_directories = {{0, 1, "/tmp/a", {{1, 2, 3}}, ""},
                                 {5, 1, "/tmp/b", std::nullopt, "denied"}};
  Snapshot snapshot;
  snapshot.targets.emplace_back();
  snapshot.targets[0].main_processes = {{1, 0, {}}};
  snapshot.targets[0].disk_usage = disk;
  const json document = Parse(snapshot, {DebugBlock::kDisk});
  const json& profile = document["targets"][0]["processes"][0]["disk_profile"];
  CHECK(profile["repository_caches"] == json::parse(R"([
    {"path": "/whole", "exists": true, "bytes": 300907,
     "allocated_bytes": 319488, "files": 12, "error": null},
    {"path": "/links", "exists": true, "bytes": 7,
     "allocated_bytes": null, "files": 2, "error": null},
    {"path": "/none", "exists": false, "bytes": null,
     "allocated_bytes": null, "files": null, "error": null},
    {"path": "/unknown", "exists": null, "bytes": null,
     "allocated_bytes": null, "files": null, "error": "denied"}])"));
  CHECK(profile["temporary_directories"] == json::parse(R"([
    {"path": "/tmp/a", "pid": null, "bytes": 1,
     "allocated_bytes": 2, "files": 3, "error": null},
    {"path": "/tmp/b", "pid": 5, "bytes": null,
     "allocated_bytes": null, "files": null, "error": "denied"}])"));
}

TEST_CASE("json: the types of a process are all there") {
  PythonHeapSnapshot heap;
  PythonProcess& process = heap.processes.emplace_back();
  process.pid = 1;
  for (uint64_t i = 0; i < 30; ++i) {
    process.types.push_back({"t", 100 - i, 1, "<class 't'>"});
  }
  Snapshot snapshot;
  snapshot.targets.emplace_back();
  snapshot.targets[0].main_processes = {{1, 0, {}}};
  snapshot.targets[0].python_heap = std::make_shared<PythonHeapSnapshot>(heap);
  const json document = Parse(snapshot, {DebugBlock::kMemory});
  const json& types =
      document["targets"][0]["processes"][0]["memory_profile"]["types"];
  CHECK(types.size() == 30);
  CHECK(types[29] == json::parse(R"({"number": 71, "type": "<class 't'>"})"));
}

TEST_CASE("json: unknown working directories are not none") {
  auto disk = std::make_shared<DiskUsageSnapshot>();
  disk->working_directories_known = false;
  Snapshot snapshot;
  snapshot.targets.emplace_back();
  snapshot.targets[0].main_processes = {{1, 0, {}}};
  snapshot.targets[0].disk_usage = disk;
  const json document = Parse(snapshot, {DebugBlock::kDisk});
  const json& profile = document["targets"][0]["processes"][0]["disk_profile"];
  CHECK(profile["temporary_directories"] == nullptr);
}

}  // namespace
}  // namespace leak_exporter::render
