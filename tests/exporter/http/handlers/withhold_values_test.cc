#include "exporter/http/handlers/withhold_values.h"

#include <memory>
#include <string>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::http {
namespace {

/// A target with two main processes, and a value and two paths in each.
Snapshot TwoProcesses() {
  PythonHeapSnapshot heap;
  OpenFilesSnapshot files;
  TargetSnapshot target;
  for (const pid_t pid : {100, 200}) {
    target.main_processes.push_back({pid, 1.5});
    PythonProcess& process = heap.processes.emplace_back();
    process.pid = pid;
    process.by_references = {{7, "<class 'list'>", "['hunter2']"}};
    process.by_bytes = {{3, "<class 'str'>", "'hunter2'"}};
    files.processes.push_back({pid, {"/a/secret", "/b"}});
  }
  files.processes.push_back({300, {}});
  target.python_heap = std::make_shared<PythonHeapSnapshot>(heap);
  target.open_files = std::make_shared<OpenFilesSnapshot>(files);
  Snapshot snapshot;
  snapshot.targets.push_back(target);
  return snapshot;
}

UserOf Users(uid_t first, std::optional<uid_t> second) {
  return [=](const MainProcess& process) {
    return process.pid == 100 ? std::optional(first) : second;
  };
}

bool Shows(const Trust& trust, const UserOf& user_of) {
  Snapshot snapshot = TwoProcesses();
  WithholdValues(trust, user_of, snapshot);
  return snapshot.targets[0].python_heap->processes[0].by_bytes[0].repr ==
         "'hunter2'";
}

TEST_CASE("values: all of a target's processes are the client's, or none is") {
  CHECK(Shows(Trust::InEverything(), Users(1, std::nullopt)));
  CHECK(Shows(Trust::InUser(1000), Users(1000, 1000)));
  CHECK_FALSE(Shows(Trust::InUser(1000), Users(1000, 1001)));
  CHECK_FALSE(Shows(Trust::InUser(1000), Users(1000, std::nullopt)));
  CHECK_FALSE(Shows(Trust(), Users(0, 0)));
}

TEST_CASE("values: types and numbers take their places, in a copy") {
  Snapshot snapshot = TwoProcesses();
  const Snapshot shared = snapshot;
  WithholdValues(Trust(), Users(0, 0), snapshot);
  const TargetSnapshot& target = snapshot.targets[0];
  for (const PythonProcess& process : target.python_heap->processes) {
    CHECK(process.by_references[0].repr == "<class 'list'>");
    CHECK(process.by_references[0].number == 7);
    CHECK(process.by_bytes[0].repr == "<class 'str'>");
  }
  const auto& files = target.open_files->processes;
  const std::vector<std::string> withheld = {
      "2 (paths withheld from this client)"};
  CHECK(files[0].paths == withheld);
  CHECK(files[1].paths == withheld);
  CHECK(files[2].paths.empty());
  CHECK(shared.targets[0].python_heap->processes[1].by_bytes[0].repr ==
        "'hunter2'");
  CHECK(shared.targets[0].open_files->processes[1].paths.size() == 2);
}

TEST_CASE("values: a target without results has nothing to withhold") {
  Snapshot snapshot;
  snapshot.targets.emplace_back();
  WithholdValues(Trust(), Users(0, 0), snapshot);
  CHECK(snapshot.targets[0].python_heap == nullptr);
}

}  // namespace
}  // namespace leak_exporter::http
