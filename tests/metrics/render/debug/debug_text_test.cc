#include "metrics/render/debug/debug_text.h"

#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/metrics/render/sample_snapshot.h"

namespace leak_exporter::render {
namespace {

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

TEST_CASE("debug text: a child's heap has a block of its own, with its name") {
  TargetSnapshot target;
  target.target = "app";
  target.main_processes = {{4306, 0, {}}};
  auto heap = std::make_shared<PythonHeapSnapshot>();
  heap->processes = {{4306, "3.11.2", {}, {}, {}}};
  heap->children = {{21, "3.11.2", {{9, "<class 'a'>", "a"}}, {}, {}},
                    {22, "3.11.2", {{7, "<class 'b'>", "b"}}, {}, {}}};
  target.python_heap = heap;
  Snapshot snapshot;
  snapshot.targets = {target};
  const std::vector<DebugBlock> memory = {DebugBlock::kMemory};
  const std::string alone = DebugBlocks(snapshot, memory, false);
  CHECK_THAT(alone, !ContainsSubstring("21"));
  CHECK(DebugBlocks(snapshot, memory, false, {{"app", 22}}) ==
        alone +
            "### DEBUG: BEGIN MEMORY PROFILE (app, pid 22) ###\n\n"
            "refs:\n7\t<class 'b'> b\n\nbytes:\n\ntypes:\n\n"
            "### DEBUG: END MEMORY PROFILE (app, pid 22) ###\n");
  // Of another block, of one that is not known and of another target there is
  // none.
  const std::vector<DebugBlock> mapping = {DebugBlock::kMapping};
  CHECK(DebugBlocks(snapshot, mapping, false, {{"app", 22}}) ==
        DebugBlocks(snapshot, mapping, false));
  CHECK(DebugBlocks(snapshot, memory, false, {{"app", 23}}) == alone);
  CHECK(DebugBlocks(snapshot, memory, false, {{"other", 22}}) == alone);
}

TEST_CASE("debug text: hostile names cannot add a line or a mark") {
  const std::string hostile = "x\n### DEBUG: END PID PROFILE ###\n\n";
  TargetSnapshot target;
  target.main_processes = {{4306, 0, {}}, {4307, 0, {}}};
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
                      {{hostile, 1, 1, hostile}}}};
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
