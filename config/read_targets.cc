#include "config/read_targets.h"

#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "config/text_checks.h"
#include "metrics/base/quote.h"

namespace leak_exporter::config {
namespace {

constexpr std::string_view kExpectedCondition =
    "at least one condition, such as pid_file: /run/app.pid";

// The names so far and where they stand.
using Names = std::map<std::string, Position, std::less<>>;

void ReadMatch(MapReader& target, MatchConfig& match) {
  const YamlNode* const node = target.Find("match");
  if (node == nullptr) return target.Missing("match", kExpectedCondition);
  const std::string path = target.PathOf("match");
  if (node->kind == YamlNode::Kind::kNull ||
      (node->kind == YamlNode::Kind::kMap && node->entries.empty())) {
    target.errors().Add(node->position, path,
                        "is empty, so it would match every process; expected " +
                            std::string(kExpectedCondition));
    return;
  }
  MapReader map(*node, path, target.errors());
  map.Pids("pid", match.pids);
  map.Strings("pid_file", CheckFilePath, match.pid_files);
  map.Strings("comm", CheckComm, match.comms);
  map.Strings("exe", CheckExecutableGlob, match.exes);
  map.Strings("cmdline", CheckRegularExpression, match.cmdlines);
  map.Strings("user", CheckUser, match.users);
  map.Strings("systemd_unit", CheckSystemdUnit, match.systemd_units);
  map.Strings("container", CheckContainerGlob, match.containers);
  map.RejectOthers();
}

void ReadTemporaryDirectories(MapReader& target,
                              TemporaryDirectoriesConfig& config) {
  constexpr std::string_view kKey = "temporary_directories";
  const YamlNode* const node = target.Find(kKey);
  if (node == nullptr) return;
  MapReader map(*node, target.PathOf(kKey), target.errors());
  map.Bool("children_working_directories", config.children_working_directories);
  map.Strings("paths", CheckDirectoryPath, config.paths);
  map.RejectOthers();
}

void ReadName(MapReader& map, Names& names, std::string& name) {
  const YamlNode* const node = map.Find("name");
  if (node == nullptr) {
    return map.Missing("name", "a name, for the label target");
  }
  map.String("name", CheckName, name);
  if (name.empty()) return;
  const auto [first, inserted] = names.emplace(name, node->position);
  if (inserted) return;
  map.errors().Add(node->position, map.PathOf("name"),
                   Quote(name) + " is the name of another target, in line " +
                       std::to_string(first->second.line) +
                       "; expected one of its own");
}

TargetConfig ReadTarget(MapReader map, Names& names) {
  TargetConfig target;
  ReadName(map, names, target.name);
  ReadMatch(map, target.match);
  map.Strings("repository_caches", CheckDirectoryPath,
              target.repository_caches);
  ReadTemporaryDirectories(map, target.temporary_directories);
  map.RejectOthers();
  return target;
}

}  // namespace

void ReadTargets(MapReader& document, bool required,
                 std::vector<TargetConfig>& targets) {
  constexpr std::string_view kExpected = "a list of at least one target";
  const YamlNode* const node = document.Find("targets");
  if (node == nullptr) {
    if (required) document.Missing("targets", kExpected);
    return;
  }
  const bool empty =
      node->kind == YamlNode::Kind::kNull ||
      (node->kind == YamlNode::Kind::kList && node->items.empty());
  if (empty && !required) return;
  if (empty || node->kind != YamlNode::Kind::kList) {
    document.errors().Add(node->position, "targets",
                          (empty ? "is empty" : SayWhatItIs(*node)) +
                              std::string("; expected ") +
                              std::string(kExpected));
    return;
  }
  Names names;
  for (size_t i = 0; i < node->items.size(); ++i) {
    const std::string path = "targets[" + std::to_string(i) + "]";
    targets.push_back(
        ReadTarget(MapReader(*node->items[i], path, document.errors()), names));
  }
}

}  // namespace leak_exporter::config
