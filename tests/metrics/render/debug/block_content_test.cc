#include "metrics/render/debug/block_content.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tests/catch.h"

namespace leak_exporter::render {
namespace {

/// Of the main process 4306.
std::string Content(DebugBlock profile, const TargetSnapshot& target) {
  std::string out;
  AppendBlockContent(profile, target, 4306, out);
  return out;
}

TEST_CASE("block content: the memory block") {
  PythonProcess process;
  process.pid = 4306;
  process.by_references = {{1080, "<class 'dict'>", "{43: <weakref>}"},
                           {299, "<class 'list'>", "[1, 2]"}};
  process.by_bytes = {{65704, "<class '_io.BufferedWriter'>",
                       "<_io.BufferedWriter name='<stdout>'>"}};
  process.types = {{"function", 8804, 1, "<class 'function'>"},
                   {"dict", 6586, 1, "<class 'dict'>"}};
  auto heap = std::make_shared<PythonHeapSnapshot>();
  heap->processes = {process};
  TargetSnapshot target;
  target.python_heap = heap;
  CHECK(Content(DebugBlock::kMemory, target) ==
        "refs:\n"
        "1080\t<class 'dict'> {43: <weakref>}\n"
        "299\t<class 'list'> [1, 2]\n"
        "\n"
        "bytes:\n"
        "65704\t <_io.BufferedWriter name='<stdout>'>\n"
        "\n"
        "types:\n"
        "8804\t <class 'function'>\n"
        "6586\t <class 'dict'>\n");
}

TEST_CASE("block content: the pid block with children and zombies") {
  auto tree = std::make_shared<ProcessTreeSnapshot>();
  tree->children = {{21902, 4306, 'Z', 11.9, "", 1},
                    {21906, 4306, 'S', 8, "", std::nullopt},
                    {21910, 4306, 'S', 5.5, "", std::nullopt},
                    {21914, 4306, 'S', 2.999, "", std::nullopt}};
  TargetSnapshot target;
  target.process_tree = tree;
  CHECK(Content(DebugBlock::kPid, target) ==
        "There are 4 child processes. PIDs are: 21902, 21906, 21910, 21914 - "
        "spawned 11, 8, 5, 2 seconds ago, respectively\n"
        "1 are zombie processes. PIDs are: 21902\n");
}

TEST_CASE("block content: the disk block") {
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
  CHECK(Content(DebugBlock::kDisk, target) ==
        "Repository cache: 300907 bytes\n"
        "Temporary directory in use by PID 21914: /tmp/tmpwc0g93bo (300907 "
        "bytes)\n"
        "No other open files.\n");
}

TEST_CASE("block content: the mapping block") {
  auto mappings = std::make_shared<MappingsSnapshot>();
  mappings->processes = {
      {4306, {{"anon", 1028 * 1024}, {"[heap]", 4096 * 1024}}, 10240 * 1024}};
  TargetSnapshot target;
  target.mappings = mappings;
  CHECK(Content(DebugBlock::kMapping, target) ==
        "1028 anon\n"
        "4096 [heap]\n"
        "10240 total\n");
}

TEST_CASE("block content: sizes that are not known are said so") {
  auto heap = std::make_shared<PythonHeapSnapshot>();
  PythonProcess process;
  process.pid = 4306;
  process.types = {{"dict", 7, std::nullopt, "<class 'dict'>"}};
  process.unknown_sizes = "sizes are not known";
  heap->processes.push_back(process);
  TargetSnapshot target;
  target.python_heap = heap;
  CHECK(Content(DebugBlock::kMemory, target) ==
        "refs:\nReferences not available: sizes are not known\n"
        "\nbytes:\nSizes not available: sizes are not known\n"
        "\ntypes:\n7\t <class 'dict'>\n");
}

TEST_CASE("block content: a collector without a result gives its reason") {
  struct Case {
    DebugBlock profile;
    CollectorId collector;
    const char* what;
    const char* without_error = "there is no result";
  };
  for (const Case& c :
       {Case{DebugBlock::kMemory, CollectorId::kPythonHeap, "Python heap",
             "no CPython in this process, or it is only starting"},
        Case{DebugBlock::kPid, CollectorId::kProcessTree, "Child processes"},
        Case{DebugBlock::kDisk, CollectorId::kDiskUsage, "Disk usage"},
        Case{DebugBlock::kDisk, CollectorId::kOpenFiles, "Open files"},
        Case{DebugBlock::kMapping, CollectorId::kMappings, "Mappings"}}) {
    const std::string line = std::string(c.what) + " not available: ";
    TargetSnapshot target;
    CHECK_THAT(
        Content(c.profile, target),
        ContainsSubstring(line + "the collector is off, or its first run has "
                                 "not ended\n"));
    target.runs = {{c.collector, false, 0, std::nullopt, {}}};
    CHECK_THAT(Content(c.profile, target),
               ContainsSubstring(line + c.without_error + "\n"));
    target.runs[0].errors = {
        {ErrorCause::kPermission, 1, "/proc/7: Permission denied"},
        {ErrorCause::kIo, 1, "a\nb"}};
    CHECK_THAT(Content(c.profile, target),
               ContainsSubstring(line + "/proc/7: Permission denied\n" + line +
                                 "a\\x0ab\n"));
  }
}

TEST_CASE("block content: directories that cannot be read say why") {
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
  CHECK_THAT(Content(DebugBlock::kDisk, target),
             ContainsSubstring(
                 "Repository cache (/a): /a: Permission denied\n"
                 "Repository cache (/b) does not exist.\n"
                 "Repository cache (/c): /c: Input/output error\n"
                 "Repository cache (/d): not measured yet\n"
                 "Temporary directory in use by PID 5: /tmp/x (/tmp/x: "
                 "Permission denied)\n"
                 "Temporary directory not in use by a child: /tmp/left (7 "
                 "bytes)\n"));
}

TEST_CASE("block content: unknown working directories are not none") {
  auto disk = std::make_shared<DiskUsageSnapshot>();
  disk->working_directories_known = false;
  TargetSnapshot target;
  target.disk_usage = disk;
  CHECK_THAT(
      Content(DebugBlock::kDisk, target),
      ContainsSubstring("Temporary directories in use are not known.\n"));
}

TEST_CASE("block content: the memory block has ten rows of each list") {
  PythonProcess process;
  process.pid = 4306;
  for (uint64_t i = 0; i < 12; ++i) {
    const std::string name = "t" + std::to_string(i);
    process.by_references.push_back({100 - i, "<r>", name});
    process.by_bytes.push_back({200 - i, "<b>", name});
    process.types.push_back({name, 300 - i, 1, "<class '" + name + "'>"});
  }
  PythonHeapSnapshot heap;
  heap.processes = {process};
  TargetSnapshot target;
  target.python_heap = std::make_shared<PythonHeapSnapshot>(heap);
  const std::string block = Content(DebugBlock::kMemory, target);
  CHECK(std::ranges::count(block, '\n') == 3 * (1 + 10) + 2);
  CHECK_THAT(block, ContainsSubstring("91\t<r> t9\n\nbytes:\n") &&
                        ContainsSubstring("191\t t9\n\ntypes:\n"));
  CHECK(block.ends_with("291\t <class 't9'>\n"));
}

}  // namespace
}  // namespace leak_exporter::render
