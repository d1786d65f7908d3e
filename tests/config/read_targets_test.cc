#include "config/read_targets.h"

#include <string>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::config {
namespace {

using Errors = std::vector<std::string>;

struct ReadDocument {
  std::vector<TargetConfig> targets;
  Errors errors;
};

ReadDocument Read(const std::string& text, bool required = true) {
  const auto node = ParseYaml(text);
  REQUIRE(node);
  ErrorList errors;
  MapReader document(**node, "", errors);
  ReadDocument read;
  ReadTargets(document, required, read.targets);
  read.errors = ToStrings("", errors.Take());
  return read;
}

TEST_CASE("read_targets: every key of a target, in the order of the file") {
  const ReadDocument read = Read(R"(targets:
  - name: all
    match:
      pid: 7
      pid_file: /run/a.pid
      comm: python3
      exe: /usr/bin/*
      cmdline: agent
      user: [skyline, 0]
      systemd_unit: app.service
      container: 4f2a*
    repository_caches: /opt/cache
    temporary_directories: {children_working_directories: false, paths: /tmp/*}
  - {name: least, match: {pid: [1, 2]}}
)");
  CHECK(read.errors.empty());
  TargetConfig all;
  all.name = "all";
  all.match = {.pids = {7},
               .pid_files = {"/run/a.pid"},
               .comms = {"python3"},
               .exes = {"/usr/bin/*"},
               .cmdlines = {"agent"},
               .users = {"skyline", "0"},
               .systemd_units = {"app.service"},
               .containers = {"4f2a*"}};
  all.repository_caches = {"/opt/cache"};
  all.temporary_directories = {.children_working_directories = false,
                               .paths = {"/tmp/*"}};
  TargetConfig least;
  least.name = "least";
  least.match.pids = {1, 2};
  CHECK(read.targets == std::vector<TargetConfig>{all, least});
}

TEST_CASE("read_targets: none may be required or not") {
  for (const std::string none : {"", "{}", "targets:", "targets: []"}) {
    CAPTURE(none);
    CHECK(Read(none, false).errors.empty());
    CHECK(Read(none, false).targets.empty());
    REQUIRE(Read(none, true).errors.size() == 1);
    CHECK_THAT(Read(none, true).errors[0],
               ContainsSubstring("expected a list of at least one target"));
  }
  // What is no list is wrong either way.
  for (const bool required : {false, true}) {
    CHECK(Read("targets: {a: b}", required).errors ==
          Errors{":1:10: targets: is a map; expected a list of at least one "
                 "target"});
  }
}

TEST_CASE("read_targets: a target needs a name of its own and a condition") {
  CHECK(Read("targets:\n- {}\n- a\n- {name: x, match: {}}\n"
             "- {name: y, match: {pid: 1}}\n- {name: y, match: {pid: 1}}\n")
            .errors ==
        Errors{
            ":2:3: targets[0].name: is missing; expected a name, for the label "
            "target",
            ":2:3: targets[0].match: is missing; expected at least one "
            "condition, such as pid_file: /run/app.pid",
            ":3:3: targets[1]: is 'a'; expected keys with values",
            ":4:20: targets[2].match: is empty, so it would match every "
            "process; expected at least one condition, such as pid_file: "
            "/run/app.pid",
            ":6:10: targets[4].name: 'y' is the name of another target, in "
            "line 5; expected one of its own"});
}

TEST_CASE("read_targets: names that are wrong are not compared") {
  CHECK(Read("targets: [{name: '', match: {pid: 1}}, {name: '', match: {pid: "
             "1}}]")
            .errors == Errors{":1:18: targets[0].name: '' is empty",
                              ":1:47: targets[1].name: '' is empty"});
}

TEST_CASE("read_targets: keys that a target does not have") {
  CHECK(
      Read("targets: [{name: a, match: {pids: 1}, caches: /x, "
           "temporary_directories: {path: /x}}]")
          .errors ==
      Errors{":1:29: targets[0].match.pids: is an unknown key (did you mean "
             "pid?); expected one of pid, pid_file, comm, exe, cmdline, user, "
             "systemd_unit, container",
             ":1:39: targets[0].caches: is an unknown key; expected one of "
             "name, match, repository_caches, temporary_directories",
             ":1:75: targets[0].temporary_directories.path: is an unknown key "
             "(did you mean paths?); expected one of "
             "children_working_directories, paths"});
}

}  // namespace
}  // namespace leak_exporter::config
