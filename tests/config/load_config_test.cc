#include "config/load_config.h"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "metrics/base/collector_id.h"
#include "tests/catch.h"
#include "tests/scratch_directory.h"

namespace leak_exporter::config {
namespace {

constexpr const char* kTarget =
    "targets:\n"
    "  - name: a\n"
    "    match: {comm: b}\n";

// The errors as a user reads them, each a line.
std::string Shown(const ConfigErrors& errors) {
  std::string text;
  for (const ConfigError& error : errors) text += ToString("f", error) + "\n";
  return text;
}

Config Parsed(const std::string& text) {
  const auto config = ParseConfig(text, Targets::kRequired);
  INFO(text);
  INFO((config ? std::string() : Shown(config.error())));
  REQUIRE(config);
  return *config;
}

TargetConfig Target() {
  TargetConfig target;
  target.name = "a";
  target.match.comms = {"b"};
  return target;
}

void Write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

TEST_CASE("config: a target alone leaves everything else at its default") {
  Config expected;
  expected.targets = {Target()};
  CHECK(Parsed(kTarget) == expected);
}

TEST_CASE("config: every key of a target") {
  const Config config = Parsed(R"(targets:
  - name: analyzer
    match:
      pid: [4306, 1]
      pid_file: /run/skyline/analyzer.pid
      comm: python3
      exe: [/usr/bin/python3*, '*/pypy3']
      cmdline: 'analyzer_agent\.py'
      user: [skyline, 1000, 0]
      systemd_unit: skyline-analyzer.service
      container: 4f2a*
    repository_caches: [/opt/tasks/tmp, /var/cache/x]
    temporary_directories:
      children_working_directories: false
      paths: ['/tmp/tmp*']
)");
  TargetConfig target;
  target.name = "analyzer";
  target.match.pids = {4306, 1};
  target.match.pid_files = {"/run/skyline/analyzer.pid"};
  target.match.comms = {"python3"};
  target.match.exes = {"/usr/bin/python3*", "*/pypy3"};
  target.match.cmdlines = {"analyzer_agent\\.py"};
  target.match.users = {"skyline", "1000", "0"};
  target.match.systemd_units = {"skyline-analyzer.service"};
  target.match.containers = {"4f2a*"};
  target.repository_caches = {"/opt/tasks/tmp", "/var/cache/x"};
  target.temporary_directories.children_working_directories = false;
  target.temporary_directories.paths = {"/tmp/tmp*"};
  CHECK(config.targets == std::vector<TargetConfig>{target});
}

TEST_CASE("config: every condition takes one value or several") {
  const std::vector<std::pair<std::string, std::string>> conditions = {
      {"pid", "7"},           {"pid_file", "/a"},         {"comm", "x"},
      {"exe", "/x*"},         {"cmdline", "x.*y"},        {"user", "root"},
      {"container", "4f2a*"}, {"systemd_unit", "x.slice"}};
  for (const auto& [key, value] : conditions) {
    const std::string head = "targets: [{name: a, match: {" + key + ": ";
    CHECK(Parsed(head + value + "}}]") == Parsed(head + "[" + value + "]}}]"));
  }
}

TEST_CASE("config: targets may share processes, but not names") {
  const Config config = Parsed(
      "targets:\n"
      "  - {name: a, match: {pid: [1, 2]}}\n"
      "  - {name: b, match: {pid: [1, 2]}}\n");
  CHECK(config.targets.size() == 2);
  CHECK(config.targets[0].match == config.targets[1].match);
}

TEST_CASE("config: every key of the collectors") {
  Config expected;
  expected.targets = {Target()};
  CollectorsConfig& collectors = expected.collectors;
  collectors.process_tree = {false, 0};
  collectors.memory = {false, true, std::chrono::minutes(1),
                       uint64_t{512} * 1'000'000};
  collectors.mappings = {false, 4096, 7};
  collectors.open_files = {false};
  collectors.disk_usage = {false, std::chrono::milliseconds(250), 10'000,
                           false};
  collectors.python_heap = {
      false, std::chrono::hours(1), 3, false, true, false, 7, 0.25};
  CHECK(Parsed(std::string(kTarget) + R"(collectors:
  process_tree: {enabled: false, top: 0}
  memory: {enabled: false, smaps: true, smaps_interval: minute, smaps_max_resident: 512MB}
  mappings: {enabled: false, threshold: 4096, top: 7}
  open_files: {enabled: false}
  disk_usage: {enabled: false, min_interval: 250ms, top: 10000, one_filesystem: false}
  python_heap: {enabled: false, min_interval: 1 hour, top: 3, values: false, freeze: true, processes: main, max_processes: 7, cpu_share: 0.25}
)") == expected);
}

TEST_CASE("config: profiles are off unless they have an interval") {
  const Config config = Parsed(std::string(kTarget) +
                               "debugging:\n"
                               "  memory_profile: {interval: 5 minutes}\n"
                               "  pid_profile:\n"
                               "    interval: minute\n"
                               "  mapping_profile: {interval: 1h30m}\n"
                               "  output: /var/log/p.log\n");
  const DebuggingConfig& debugging = config.debugging;
  CHECK(debugging.memory_profile_interval == std::chrono::minutes(5));
  CHECK(debugging.pid_profile_interval == std::chrono::minutes(1));
  CHECK(debugging.disk_profile_interval == std::nullopt);
  CHECK(debugging.mapping_profile_interval == std::chrono::minutes(90));
  CHECK(debugging.output == "/var/log/p.log");
}

TEST_CASE("config: blocks whose keys are all commented out are defaults") {
  CHECK(Parsed(std::string(kTarget) +
               "    temporary_directories:\n"
               "      # paths: [/x]\n"
               "collectors:\n"
               "  memory:\n"
               "    # smaps: true\n"
               "debugging:\n"
               "  # pid_profile: {interval: 5 minutes}\n") == Parsed(kTarget));
}

TEST_CASE("config: comments, a byte order mark, CRLF, quotes and aliases") {
  const Config expected = Parsed(kTarget);
  CHECK(Parsed("\xEF\xBB\xBF" + std::string(kTarget)) == expected);
  CHECK(Parsed("targets:\r\n  - name: a\r\n    match: {comm: b}\r\n") ==
        expected);
  CHECK(Parsed("---\n# x\n" + std::string(kTarget) + "...\n") == expected);
  CHECK(Parsed("{\"targets\": [{\"name\": \"a\", \"match\": {\"comm\": "
               "\"b\"}}]}") == expected);
  const Config aliased = Parsed(
      "targets:\n"
      "  - {name: a, match: &rules {comm: b}, repository_caches: &c [/x]}\n"
      "  - {name: b, match: *rules, repository_caches: *c}\n");
  CHECK(aliased.targets[0].match == aliased.targets[1].match);
  CHECK(aliased.targets[1].repository_caches == std::vector<std::string>{"/x"});
}

TEST_CASE("config: words that YAML may type are texts where texts belong") {
  CHECK(Parsed("targets: [{name: 12, match: {comm: true, user: 0x10}}]")
            .targets[0]
            .name == "12");
}

TEST_CASE("config: targets may come from elsewhere") {
  for (const char* const text : {"", "# nothing\n", "targets:\n", "targets: []",
                                 "collectors:\n  memory: {smaps: false}\n"}) {
    INFO(text);
    const auto optional = ParseConfig(text, Targets::kOptional);
    REQUIRE(optional);
    CHECK(*optional == Config{});
    CHECK_FALSE(ParseConfig(text, Targets::kRequired));
  }
}

TEST_CASE("config: the example file holds the defaults and one target") {
  const auto config = LoadConfig(LEAK_TEST_EXAMPLE, Targets::kRequired);
  INFO((config ? std::string() : Shown(config.error())));
  REQUIRE(config);
  Config expected;
  TargetConfig target;
  target.name = "analyzer";
  target.match.pid_files = {"/run/skyline/analyzer.pid"};
  expected.targets = {target};
  CHECK(*config == expected);
}

TEST_CASE("config: what the example comments out is right too") {
  std::ifstream file(LEAK_TEST_EXAMPLE);
  std::string text;
  for (std::string line; std::getline(file, line);) {
    const size_t mark = line.find_first_not_of(' ');
    const bool setting =
        mark + 1 < line.size() && line[mark] == '#' && line[mark + 1] != ' ';
    if (setting) line.erase(mark, 1);
    text += line + "\n";
  }
  const Config config = Parsed(text);
  REQUIRE(config.targets.size() == 1);
  CHECK(config.targets[0].match.pids == std::vector<pid_t>{4306});
  CHECK(config.targets[0].match.containers ==
        std::vector<std::string>{"4f2a*"});
  CHECK(config.targets[0].temporary_directories.paths ==
        std::vector<std::string>{"/tmp/tmp*"});
  CHECK(config.debugging.mapping_profile_interval == std::chrono::minutes(5));
  CHECK(config.debugging.output == "/var/log/leak_exporter/profiles.log");
}

std::string TextOf(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Whether `collectors` has a block of this name.
bool IsBlock(const std::string& name) {
  return ParseConfig(kTarget + ("collectors: {" + name + ": {}}\n"),
                     Targets::kRequired)
      .has_value();
}

TEST_CASE("config: the example and the manual have every collector") {
  const std::string example = TextOf(LEAK_TEST_EXAMPLE);
  const std::string manual = TextOf(LEAK_TEST_MANUAL);
  for (const CollectorId id : kValuesOf<CollectorId>) {
    const std::string name(NameOf(id));
    INFO(name);
    // "targets" is a list of its own, "smaps" a key of "memory".
    CHECK_THAT(example, ContainsSubstring("\n" + name + ":\n") ||
                            ContainsSubstring("  " + name + ":"));
    CHECK((IsBlock(name) || name == "targets" || name == "smaps"));
    if (IsBlock(name)) CHECK_THAT(manual, ContainsSubstring("*" + name + "*"));
  }
}

/// The keys that a collector's block may have, as the message that refuses
/// another one lists them.
std::vector<std::string> KeysOf(const std::string& block) {
  const auto config =
      ParseConfig(kTarget + ("collectors: {" + block + ": {other: 1}}\n"),
                  Targets::kRequired);
  REQUIRE_FALSE(config);
  const std::string error = Shown(config.error());
  const std::string before = "; expected one of ";
  const size_t list = error.find(before);
  INFO(error);
  REQUIRE(list != std::string::npos);
  std::istringstream words(error.substr(list + before.size()));
  std::vector<std::string> keys;
  for (std::string key; words >> key;) {
    if (key.back() == ',') key.pop_back();
    keys.push_back(key);
  }
  return keys;
}

TEST_CASE("config: the example has every key of every collector") {
  const std::string example = TextOf(LEAK_TEST_EXAMPLE);
  for (const CollectorId id : kValuesOf<CollectorId>) {
    const std::string name(NameOf(id));
    if (!IsBlock(name)) continue;
    const size_t begin = example.find("\n  " + name + ":\n");
    INFO(name);
    REQUIRE(begin != std::string::npos);
    const std::string block =
        example.substr(begin, example.find("\n\n", begin) - begin);
    for (const std::string& key : KeysOf(name)) {
      CHECK_THAT(block, ContainsSubstring("\n    " + key + ": "));
    }
  }
}

TEST_CASE("config: a file that cannot be read is one error without a line") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/c.yml";
  const auto shown = [&] {
    const auto config = LoadConfig(path, Targets::kRequired);
    return config ? std::string("ok") : Shown(config.error());
  };
  CHECK(shown() == "f: No such file or directory\n");
  REQUIRE(::mkdir(path.c_str(), 0700) == 0);
  CHECK(shown() == "f: Is a directory\n");
  REQUIRE(::rmdir(path.c_str()) == 0);
  REQUIRE(::symlink(path.c_str(), path.c_str()) == 0);
  CHECK(shown() == "f: Too many levels of symbolic links\n");
  REQUIRE(::unlink(path.c_str()) == 0);
  Write(path, "");
  CHECK(shown() ==
        "f: targets: is missing; expected a list of at least one target\n");
  const std::string padding((size_t{1} << 20) - std::string(kTarget).size(),
                            '#');
  Write(path, kTarget + padding);
  CHECK(shown() == "ok");
  Write(path, kTarget + padding + "#");
  CHECK(shown() == "f: is larger than 1048576 bytes\n");
}

TEST_CASE("config: an endless file is bounded") {
  const auto config = LoadConfig("/dev/zero", Targets::kRequired);
  REQUIRE_FALSE(config);
  CHECK(Shown(config.error()) == "f: is larger than 1048576 bytes\n");
}

// Texts that are nearly right find more than random bytes do.
std::string Mutated(std::string text, std::mt19937& random) {
  constexpr std::string_view kPieces =
      "[]{}:,-?&*!|>'\"%@`#\n \t\\a0\x80\xff\0";
  const auto below = [&](size_t bound) {
    return std::uniform_int_distribution<size_t>(0, bound - 1)(random);
  };
  const size_t edits = 1 + below(8);
  for (size_t i = 0; i < edits && !text.empty(); ++i) {
    const size_t at = below(text.size());
    switch (below(4)) {
      case 0:
        text.erase(at, below(16));
        break;
      case 1:
        text.insert(at, 1, kPieces[below(kPieces.size())]);
        break;
      case 2:
        text[at] = static_cast<char>(below(256));
        break;
      default:
        text.insert(at, text.substr(below(text.size()), below(40)));
        break;
    }
  }
  return text;
}

void CheckHarmless(const std::string& text) {
  const auto config = ParseConfig(text, Targets::kRequired);
  if (config) return;
  INFO(text);
  REQUIRE_FALSE(config.error().empty());
  for (const ConfigError& error : config.error()) {
    const std::string line = ToString("f", error);
    CHECK(line.find('\n') == std::string::npos);
    CHECK(line.size() < 1000);
  }
}

TEST_CASE("config: no bytes make it throw or say more than lines") {
  const std::string example = TextOf(LEAK_TEST_EXAMPLE);
  std::mt19937 random(20261121);
  for (int i = 0; i < 2000; ++i) {
    CheckHarmless(Mutated(example, random));
  }
  for (int i = 0; i < 2000; ++i) {
    std::string text(random() % 200, '\0');
    for (char& c : text) c = static_cast<char>(random());
    CheckHarmless(text);
  }
}

}  // namespace
}  // namespace leak_exporter::config
