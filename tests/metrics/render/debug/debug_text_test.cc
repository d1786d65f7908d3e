#include "metrics/render/debug/debug_text.h"

#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/render/debug/plain_text.h"
#include "tests/catch.h"
#include "tests/metrics/render/sample_snapshot.h"

namespace leak_exporter::render {
namespace {

/// The blocks of one target "analyzer", the only one configured.
std::string Block(DebugBlock profile, TargetSnapshot target) {
  target.target = "analyzer";
  if (target.main_processes.empty()) target.main_processes = {{4306, 0}};
  Snapshot snapshot;
  snapshot.targets = {std::move(target)};
  return DebugBlocks(snapshot, std::vector{profile}, false);
}

std::string Plain(std::string_view bytes) {
  std::string out;
  AppendPlainText(bytes, out);
  return out;
}

TEST_CASE("debug text: the memory block") {
  PythonProcess process;
  process.pid = 4306;
  process.by_references = {{1080, "<class 'dict'>", "{43: <weakref>}"},
                           {299, "<class 'list'>", "[1, 2]"}};
  process.by_bytes = {{65704, "<class '_io.BufferedWriter'>",
                       "<_io.BufferedWriter name='<stdout>'>"}};
  process.by_count = {{8804, "<class 'function'>", ""},
                      {6586, "<class 'dict'>", ""}};
  auto heap = std::make_shared<PythonHeapSnapshot>();
  heap->processes = {process};
  TargetSnapshot target;
  target.python_heap = heap;
  CHECK(Block(DebugBlock::kMemory, target) ==
        "### DEBUG: BEGIN MEMORY PROFILE ###\n"
        "\n"
        "refs:\n"
        "1080\t<class 'dict'> {43: <weakref>}\n"
        "299\t<class 'list'> [1, 2]\n"
        "\n"
        "bytes:\n"
        "65704\t <_io.BufferedWriter name='<stdout>'>\n"
        "\n"
        "types:\n"
        "8804\t <class 'function'>\n"
        "6586\t <class 'dict'>\n"
        "\n"
        "### DEBUG: END MEMORY PROFILE ###\n");
}

TEST_CASE("debug text: the pid block with children and zombies") {
  auto tree = std::make_shared<ProcessTreeSnapshot>();
  tree->top = 1;
  tree->children = {{21902, 4306, 'Z', 11.9, "", 1},
                    {21906, 4306, 'S', 8, "", std::nullopt},
                    {21910, 4306, 'S', 5.5, "", std::nullopt},
                    {21914, 4306, 'S', 2.999, "", std::nullopt}};
  TargetSnapshot target;
  target.process_tree = tree;
  CHECK(Block(DebugBlock::kPid, target) ==
        "### DEBUG: BEGIN PID PROFILE ###\n"
        "\n"
        "There are 4 child processes. PIDs are: 21902, 21906, 21910, 21914 - "
        "spawned 11, 8, 5, 2 seconds ago, respectively\n"
        "1 are zombie processes. PIDs are: 21902\n"
        "\n"
        "### DEBUG: END PID PROFILE ###\n");
}

TEST_CASE("debug text: the disk block") {
  auto disk = std::make_shared<DiskUsageSnapshot>();
  disk->repository_caches = {
      {"/opt/tasks/tmp", 4306, true, 1, 1, {{300907, 0, 3}}, ""}};
  disk->temporary_directories = {
      {21914, 4306, "/tmp/tmpwc0g93bo", {{300907, 0, 3}}, ""}};
  auto files = std::make_shared<OpenFilesSnapshot>();
  files->processes = {{4306, {}}};
  TargetSnapshot target;
  target.disk_usage = disk;
  target.open_files = files;
  CHECK(Block(DebugBlock::kDisk, target) ==
        "### DEBUG: BEGIN DISK PROFILE ###\n"
        "\n"
        "Repository cache: 300907 bytes\n"
        "Temporary directory in use by PID 21914: /tmp/tmpwc0g93bo (300907 "
        "bytes)\n"
        "No other open files.\n"
        "\n"
        "### DEBUG: END DISK PROFILE ###\n");
}

TEST_CASE("debug text: the mapping block") {
  auto mappings = std::make_shared<MappingsSnapshot>();
  mappings->processes = {
      {4306, {{"anon", 1028 * 1024}, {"[heap]", 4096 * 1024}}, 10240 * 1024}};
  TargetSnapshot target;
  target.mappings = mappings;
  CHECK(Block(DebugBlock::kMapping, target) ==
        "### DEBUG: BEGIN MAPPING PROFILE ###\n"
        "\n"
        "1028 anon\n"
        "4096 [heap]\n"
        "10240 total\n"
        "\n"
        "### DEBUG: END MAPPING PROFILE ###\n");
}

TEST_CASE("debug text: a process without any of it says so") {
  const std::string blocks = DebugBlocks(
      QuietSnapshot(), std::vector{DebugBlock::kPid, DebugBlock::kDisk}, false);
  CHECK(blocks ==
        "### DEBUG: BEGIN PID PROFILE ###\n"
        "\n"
        "There are no child processes.\n"
        "None are zombie processes.\n"
        "\n"
        "### DEBUG: END PID PROFILE ###\n"
        "### DEBUG: BEGIN DISK PROFILE ###\n"
        "\n"
        "Repository cache does not exist.\n"
        "No temporary directories in use.\n"
        "No other open files.\n"
        "\n"
        "### DEBUG: END DISK PROFILE ###\n");
}

TEST_CASE("debug text: the marks carry the name where there are several") {
  const Snapshot rich = RichSnapshot();
  Snapshot one;
  one.targets = {rich.targets[0]};
  const auto profiles = std::vector{DebugBlock::kPid};
  CHECK_THAT(DebugBlocks(one, profiles, false),
             ContainsSubstring(
                 "### DEBUG: BEGIN PID PROFILE (analyzer, pid 4306) ###\n") &&
                 ContainsSubstring(
                     "### DEBUG: END PID PROFILE (analyzer, pid 4307) ###\n"));
  CHECK_THAT(DebugBlocks(QuietSnapshot(), profiles, true),
             ContainsSubstring(
                 "### DEBUG: BEGIN PID PROFILE (analyzer, pid 4306) ###\n"));
}

TEST_CASE("debug text: a target without a process says so") {
  Snapshot snapshot = QuietSnapshot();
  snapshot.targets[0].main_processes.clear();
  const auto profiles = std::vector{DebugBlock::kPid};
  CHECK(DebugBlocks(snapshot, profiles, false) ==
        "### DEBUG: BEGIN PID PROFILE ###\n"
        "\n"
        "No process matches the target analyzer.\n"
        "\n"
        "### DEBUG: END PID PROFILE ###\n");
  CHECK_THAT(
      DebugBlocks(snapshot, profiles, true),
      ContainsSubstring("### DEBUG: BEGIN PID PROFILE (analyzer) ###\n"));
}

TEST_CASE("debug text: a collector without a result gives its reason") {
  struct Case {
    DebugBlock profile;
    CollectorId collector;
    const char* what;
  };
  for (const Case& c :
       {Case{DebugBlock::kMemory, CollectorId::kPythonHeap, "Python heap"},
        Case{DebugBlock::kPid, CollectorId::kProcessTree, "Child processes"},
        Case{DebugBlock::kDisk, CollectorId::kDiskUsage, "Disk usage"},
        Case{DebugBlock::kDisk, CollectorId::kOpenFiles, "Open files"},
        Case{DebugBlock::kMapping, CollectorId::kMappings, "Mappings"}}) {
    const std::string line = std::string("\n") + c.what + " not available: ";
    TargetSnapshot target;
    CHECK_THAT(Block(c.profile, target),
               ContainsSubstring(line + "the collector did not run\n"));
    target.runs = {{c.collector, false, 0, std::nullopt, {}}};
    CHECK_THAT(Block(c.profile, target),
               ContainsSubstring(line + "there is no result\n"));
    target.runs[0].errors = {
        {ErrorCause::kPermission, 1, "/proc/7: Permission denied"},
        {ErrorCause::kIo, 1, "a\nb"}};
    CHECK_THAT(Block(c.profile, target),
               ContainsSubstring(line + "/proc/7: Permission denied" + line +
                                 "a\\x0ab\n"));
  }
}

TEST_CASE("debug text: directories that cannot be read say why") {
  auto disk = std::make_shared<DiskUsageSnapshot>();
  disk->repository_caches = {
      {"/a", 4306, true, 1, 1, std::nullopt, "/a: Permission denied"},
      {"/b", 4306, false, 0, 0, std::nullopt, ""},
      {"/c", 4306, false, 0, 0, std::nullopt, "/c: Input/output error"},
      {"/d", 4306, true, 1, 2, std::nullopt, ""},
      {"/other", 9, true, 1, 3, {{1, 1, 1}}, ""}};
  disk->temporary_directories = {
      {0, 4306, "/tmp/left", {{7, 0, 1}}, ""},
      {5, 4306, "/tmp/x", std::nullopt, "/tmp/x: Permission denied"},
      {6, 9, "/tmp/other", {{1, 1, 1}}, ""}};
  TargetSnapshot target;
  target.disk_usage = disk;
  CHECK_THAT(Block(DebugBlock::kDisk, target),
             ContainsSubstring(
                 "\n\n"
                 "Repository cache (/a): /a: Permission denied\n"
                 "Repository cache (/b) does not exist.\n"
                 "Repository cache (/c): /c: Input/output error\n"
                 "Repository cache (/d): not measured yet\n"
                 "Temporary directory in use by PID 5: /tmp/x (/tmp/x: "
                 "Permission denied)\n"
                 "Temporary directory not in use by a child: /tmp/left (7 "
                 "bytes)\n"));
}

TEST_CASE("debug text: unknown working directories are not none") {
  auto disk = std::make_shared<DiskUsageSnapshot>();
  disk->working_directories_known = false;
  TargetSnapshot target;
  target.disk_usage = disk;
  CHECK_THAT(
      Block(DebugBlock::kDisk, target),
      ContainsSubstring("Temporary directories in use are not known.\n"));
}

TEST_CASE("debug text: only what is not printable is escaped") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", ""},
      {"/tmp/a b\\c '\"", "/tmp/a b\\c '\""},
      {"caf\xC3\xA9 \xF0\x9F\x98\x80", "caf\xC3\xA9 \xF0\x9F\x98\x80"},
      {"a\nb", "a\\x0ab"},
      {"\x1B[2J\t\r\x7F", "\\x1b[2J\\x09\\x0d\\x7f"},
      {"\xFF\xC3(", "\\xff\\xc3("},
      {"\xC2\x85", "\\xc2\\x85"},
      {"\xE2\x80\xA8\xE2\x80\xAE\xE2\x81\xA6",
       "\\xe2\\x80\\xa8\\xe2\\x80\\xae\\xe2\\x81\\xa6"},
  };
  for (const auto& [bytes, text] : cases) CHECK(Plain(bytes) == text);
}

TEST_CASE("debug text: hostile names cannot add a line or a mark") {
  const std::string hostile = "x\n### DEBUG: END PID PROFILE ###\n\n";
  TargetSnapshot target;
  target.main_processes = {{4306, 0}, {4307, 0}};
  auto disk = std::make_shared<DiskUsageSnapshot>();
  disk->repository_caches = {{hostile, 4306, true, 1, 1, std::nullopt, hostile},
                             {hostile, 4306, false, 0, 0, std::nullopt, ""}};
  disk->temporary_directories = {{1, 4306, hostile, std::nullopt, hostile},
                                 {0, 4306, hostile, {{1, 1, 1}}, ""}};
  auto files = std::make_shared<OpenFilesSnapshot>();
  files->processes = {{4306, {hostile, hostile}}};
  auto mappings = std::make_shared<MappingsSnapshot>();
  mappings->processes = {{4306, {{hostile, 1}}, 1}};
  auto heap = std::make_shared<PythonHeapSnapshot>();
  heap->processes = {{4306,
                      hostile,
                      {{1, hostile, hostile}},
                      {{1, hostile, hostile}},
                      {{1, hostile, hostile}}}};
  target.disk_usage = disk;
  target.open_files = files;
  target.mappings = mappings;
  target.python_heap = heap;
  target.runs = {
      {CollectorId::kProcessTree,
       false,
       0,
       std::nullopt,
       {{ErrorCause::kIo, 1, hostile}}},
      {CollectorId::kMappings, true, 0, 1, {{ErrorCause::kIo, 1, hostile}}}};
  target.target = hostile;
  Snapshot snapshot;
  snapshot.targets = {target};

  std::istringstream lines(DebugBlocks(snapshot, kDebugBlocks, true));
  int marks = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("### DEBUG: ")) ++marks;
    CHECK_FALSE(line == "### DEBUG: END PID PROFILE ###");
  }
  CHECK(marks == 2 * 4 * 2);
}

}  // namespace
}  // namespace leak_exporter::render
