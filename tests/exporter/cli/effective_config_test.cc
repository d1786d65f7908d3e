#include "exporter/cli/effective_config.h"

#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/config_file.h"
#include "tests/fake_proc.h"

namespace leak_exporter {
namespace {

using Mistakes = std::vector<std::string>;

Options For(const std::string& file, std::vector<pid_t> pids = {}) {
  Options options;
  options.config_file = file;
  options.pids = std::move(pids);
  return options;
}

config::TargetConfig PidTarget(const std::string& name, pid_t pid) {
  config::TargetConfig target;
  target.name = name;
  target.match.pids = {pid};
  return target;
}

TEST_CASE("effective config: pids alone are targets with every default") {
  const auto config = LoadEffectiveConfig(For("", {4306, 1}));
  REQUIRE(config);
  config::Config expected;
  expected.targets = {PidTarget("pid-4306", 4306), PidTarget("pid-1", 1)};
  CHECK(*config == expected);
}

TEST_CASE("effective config: pids take the place of the file's targets only") {
  const ConfigFile file(
      "targets: [{name: a, match: {comm: b}}]\n"
      "collectors: {memory: {smaps: true}}\n"
      "debugging: {pid_profile: {interval: minute}}\n");
  const auto whole = LoadEffectiveConfig(For(file.path()));
  REQUIRE(whole);
  CHECK(whole->targets.at(0).name == "a");
  const auto config = LoadEffectiveConfig(For(file.path(), {7}));
  REQUIRE(config);
  config::Config expected = *whole;
  expected.targets = {PidTarget("pid-7", 7)};
  CHECK(*config == expected);
  CHECK(config->debugging.pid_profile_interval == std::chrono::minutes(1));
}

TEST_CASE("effective config: a file without targets needs a pid") {
  const ConfigFile file("collectors: {memory: {smaps: true}}\n");
  CHECK(LoadEffectiveConfig(For(file.path(), {7})));
  const auto without = LoadEffectiveConfig(For(file.path()));
  REQUIRE_FALSE(without);
  CHECK(without.error() ==
        Mistakes{file.path() + ":1:1: targets: is missing; expected a "
                               "list of at least one target"});
}

TEST_CASE("effective config: a file with mistakes is refused with a pid too") {
  const ConfigFile file("targets: 5\ncollectors: 6\n");
  const auto config = LoadEffectiveConfig(For(file.path(), {7}));
  REQUIRE_FALSE(config);
  CHECK(config.error() ==
        Mistakes{file.path() + ":1:10: targets: is '5'; expected a list of at "
                               "least one target",
                 file.path() + ":2:13: collectors: is '6'; expected keys with "
                               "values"});
}

TEST_CASE("given pids: the first that does not exist is named") {
  const FakeProc proc;
  proc.Write(7, "comm", "x\n");
  CHECK(CheckGivenPids(For("", {7}), proc.fs()));
  CHECK(CheckGivenPids(For("f"), proc.fs()));
  const auto checked = CheckGivenPids(For("", {7, 8, 9}), proc.fs());
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == ENOENT);
  CHECK(checked.error().message ==
        "--pid=8: " + proc.root() + "/8/stat: No such file or directory");
}

}  // namespace
}  // namespace leak_exporter
