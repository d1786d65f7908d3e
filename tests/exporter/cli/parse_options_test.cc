#include "exporter/cli/parse_options.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "exporter/cli/help_text.h"
#include "tests/catch.h"

namespace leak_exporter {
namespace {

using Command = Options::Command;
using render::DebugBlock;
using Arguments = std::vector<const char*>;

tl::expected<Options, Ending> Parse(Arguments arguments) {
  arguments.insert(arguments.begin(), "leak_exporter");
  return ParseOptions(static_cast<int>(arguments.size()), arguments.data());
}

Options Parsed(const Arguments& arguments) {
  const auto options = Parse(arguments);
  INFO((options ? std::string() : options.error().text));
  REQUIRE(options);
  return *options;
}

TEST_CASE("options: serve is the default, with and without its name") {
  for (const auto& arguments : {Arguments{"--config.file=a.yml"},
                                Arguments{"serve", "--config.file=a.yml"},
                                Arguments{"--config.file=a.yml", "serve"},
                                Arguments{"--config.file", "a.yml"}}) {
    const Options options = Parsed(arguments);
    CHECK(options.command == Command::kServe);
    CHECK(options.config_file == "a.yml");
    CHECK(options.pids.empty());
    CHECK(options.listen_addresses ==
          std::vector<ListenAddress>{{"127.0.0.1", 10042, ""}});
    CHECK(options.default_listen_address);
    CHECK_FALSE(options.systemd_socket);
    CHECK(options.telemetry_path == "/metrics");
    CHECK(options.max_connections == 64);
    CHECK(options.enable_lifecycle == std::nullopt);
    CHECK(options.enable_debug);
    CHECK(options.log_level == LogLevel::kInfo);
    CHECK(options.log_format == LogFormat::kLogfmt);
  }
}

TEST_CASE("options: pids are repeatable and keep their order") {
  CHECK(Parsed({"--pid=4306"}).pids == std::vector<pid_t>{4306});
  CHECK(Parsed({"--pid=7", "--pid", "1"}).pids == std::vector<pid_t>{7, 1});
  CHECK(Parsed({"--pid=4194304"}).pids == std::vector<pid_t>{4194304});
  const Options both = Parsed({"--config.file=a", "--pid=3"});
  CHECK(both.config_file == "a");
  CHECK(both.pids == std::vector<pid_t>{3});
}

TEST_CASE("options: every web and log flag") {
  const Options options = Parsed(
      {"--pid=1", "--web.listen-address=[::1]:0",
       "--web.listen-address=unix:/run/x.sock", "--web.telemetry-path=/m",
       "--web.max-connections=4096", "--log.level=error", "--log.format=json"});
  CHECK(options.listen_addresses ==
        std::vector<ListenAddress>{{"::1", 0, ""}, {"", 0, "/run/x.sock"}});
  CHECK_FALSE(options.default_listen_address);
  CHECK(options.telemetry_path == "/m");
  CHECK(options.max_connections == 4096);
  CHECK(options.log_level == LogLevel::kError);
  CHECK(options.log_format == LogFormat::kJson);
  CHECK(Parsed({"--pid=1", "--web.systemd-socket"}).systemd_socket);
  CHECK(Parsed({"--pid=1", "--web.enable-lifecycle"}).enable_lifecycle == true);
  CHECK(Parsed({"--pid=1", "--web.enable-lifecycle=false"}).enable_lifecycle ==
        false);
  CHECK_FALSE(Parsed({"--pid=1", "--web.enable-debug=false"}).enable_debug);
  CHECK(Parsed({"--pid=1", "--web.enable-debug=true"}).enable_debug);
}

TEST_CASE("options: profile takes blocks and a format") {
  using Blocks = std::vector<DebugBlock>;
  const Blocks all = {DebugBlock::kMemory, DebugBlock::kPid, DebugBlock::kDisk,
                      DebugBlock::kMapping};
  const Options options = Parsed({"profile", "--pid=1"});
  CHECK(options.command == Command::kProfile);
  CHECK(options.blocks == all);
  CHECK(options.block_format == BlockFormat::kText);
  CHECK(Parsed({"profile", "--pid=1", "disk"}).blocks ==
        Blocks{DebugBlock::kDisk});
  CHECK(Parsed({"profile", "disk", "pid", "--pid", "1", "disk"}).blocks ==
        Blocks{DebugBlock::kPid, DebugBlock::kDisk});
  CHECK(Parsed({"--pid=1", "profile", "mapping", "memory"}).blocks ==
        Blocks{DebugBlock::kMemory, DebugBlock::kMapping});
  CHECK(Parsed({"profile", "--config.file=a", "--format=json"}).block_format ==
        BlockFormat::kJson);
}

TEST_CASE("options: check-config takes a file") {
  const Options options = Parsed({"check-config", "a.yml"});
  CHECK(options.command == Command::kCheckConfig);
  CHECK(options.config_file == "a.yml");
  CHECK(Parsed({"check-config", "[a,b]"}).config_file == "[a,b]");
  CHECK(Parsed({"check-config", "a.yml", "--log.level=debug"}).log_level ==
        LogLevel::kDebug);
}

TEST_CASE("options: a wrong command line is one line and a hint") {
  struct Case {
    Arguments arguments;
    std::string message;
  };
  const std::vector<Case> cases = {
      {{}, "nothing to watch; give --config.file=FILE or --pid=N"},
      {{"serve"}, "nothing to watch; give --config.file=FILE or --pid=N"},
      {{"profile"}, "nothing to watch; give --config.file=FILE or --pid=N"},
      {{"--config.fil=a"},
       "unknown flag '--config.fil' (did you mean --config.file?)"},
      {{"--zzz"}, "unknown flag '--zzz'"},
      {{"-x", "--pid=1"}, "unknown flag '-x'"},
      {{"profil", "--pid=1"},
       "unknown command or argument 'profil' (did you mean profile?)"},
      {{"serve", "--pid=1", "a\nb"}, "unknown command or argument 'a\\nb'"},
      {{"--pid=1", "--bad\nflag=2"}, "unknown flag '--bad\\nflag'"},
      {{"--pid=1", "4306"}, "unknown command or argument '4306'"},
      {{"--pid=x"},
       "--pid: 'x' is not a process id; expected a whole number from 1 to "
       "4194304"},
      {{"--pid=0"},
       "--pid: '0' is not a process id; expected a whole number from 1 to "
       "4194304"},
      {{"--pid=-1"},
       "--pid: '-1' is not a process id; expected a whole number from 1 to "
       "4194304"},
      {{"--pid=4194305"},
       "--pid: '4194305' is not a process id; expected a whole number from 1 "
       "to 4194304"},
      {{"--pid=99999999999999999999"},
       "--pid: '99999999999999999999' is not a process id; expected a whole "
       "number from 1 to 4194304"},
      {{"--pid=1 "},
       "--pid: '1 ' is not a process id; expected a whole number from 1 to "
       "4194304"},
      {{"--pid=1", "--pid=1"}, "--pid: 1 is given twice"},
      {{"--config.file=a", "--config.file=b"}, "--config.file: given twice"},
      {{"--config.file", ""}, "--config.file: has no value"},
      {{"--config.file="}, "--config.file: has no value"},
      {{"--config.file", "--pid=1"}, "--config.file: has no value"},
      {{"--config.file=a", "--pid"}, "--pid: has no value"},
      {{"--pid=", "1"}, "unknown command or argument '1'"},
      {{"--pid=1", "--web.systemd-socket=maybe"},
       "--web.systemd-socket: unknown value 'maybe'; expected true or false"},
      {{"--pid=1", "--web.listen-address=nowhere"},
       "--web.listen-address: 'nowhere' has no port; expected host:port, "
       "[::1]:port, :port or unix:/path"},
      {{"--pid=1", "--web.listen-address=:1", "--web.listen-address=:1"},
       "--web.listen-address: ':1' is given twice"},
      {{"--pid=1", "--web.listen-address=:1", "--web.systemd-socket"},
       "--web.systemd-socket and --web.listen-address exclude each other"},
      {{"--pid=1", "--web.telemetry-path=metrics"},
       "--web.telemetry-path: 'metrics' is not a path; expected one such as "
       "/metrics"},
      {{"--pid=1", "--web.telemetry-path=/a b"},
       "--web.telemetry-path: '/a b' is not a path; expected one such as "
       "/metrics"},
      {{"--pid=1", "--web.telemetry-path=/a?b"},
       "--web.telemetry-path: '/a?b' is not a path; expected one such as "
       "/metrics"},
      {{"--pid=1", "--web.telemetry-path=/"},
       "--web.telemetry-path: '/' is served already; expected one such as "
       "/metrics"},
      {{"--pid=1", "--web.telemetry-path=/-/healthy"},
       "--web.telemetry-path: '/-/healthy' is served already; expected one "
       "such as /metrics"},
      {{"--pid=1", "--web.telemetry-path=/debug/pid"},
       "--web.telemetry-path: '/debug/pid' is served already; expected one "
       "such as /metrics"},
      {{"--pid=1", "--web.max-connections=3"},
       "--web.max-connections: '3' is not a number of connections; expected a "
       "whole number from 4 to 4096"},
      {{"--pid=1", "--web.max-connections=4097"},
       "--web.max-connections: '4097' is not a number of connections; expected "
       "a whole number from 4 to 4096"},
      {{"--pid=1", "--log.level=loud"},
       "--log.level: unknown value 'loud'; expected debug, info, warn or "
       "error"},
      {{"--pid=1", "--log.format=xml"},
       "--log.format: unknown value 'xml'; expected logfmt or json"},
      {{"profile", "--pid=1", "--format=xml"},
       "--format: unknown value 'xml'; expected text or json"},
      {{"profile", "--pid=1", "heap"},
       "profile: unknown block 'heap'; expected memory, pid, disk or mapping"},
      {{"--pid=1", "--format=json"}, "--format: has no meaning for serve"},
      {{"profile", "--pid=1", "--web.telemetry-path=/m"},
       "--web.telemetry-path: has no meaning for profile"},
      {{"profile", "--pid=1", "--web.systemd-socket"},
       "--web.systemd-socket: has no meaning for profile"},
      {{"check-config", "a", "--pid=1"},
       "--pid: has no meaning for check-config"},
      {{"check-config", "a", "--config.file=a"},
       "--config.file: has no meaning for check-config"},
      {{"check-config"}, "check-config: expected a FILE"},
      {{"profile", "--pid=1", "--web.config.file=b"},
       "--web.config.file: has no meaning for profile"},
      {{"check-config", "a", "b"}, "unknown command or argument 'b'"},
      {{"check-config", ""}, "check-config: has no value"},
      {{"serve", "profile", "--pid=1"}, "more than one command"},
  };
  for (const Case& wrong : cases) {
    const auto options = Parse(wrong.arguments);
    INFO(wrong.message);
    REQUIRE_FALSE(options);
    CHECK(options.error().exit_code == 2);
    CHECK(options.error().text == "leak_exporter: " + wrong.message +
                                      "\nTry 'leak_exporter --help'.\n");
  }
}

TEST_CASE("options: what follows -- is a word, whatever it begins with") {
  CHECK(Parsed({"check-config", "--", "--pid=1"}).config_file == "--pid=1");
  CHECK(Parsed({"--pid=1", "profile", "--", "disk"}).blocks ==
        std::vector{DebugBlock::kDisk});
  CHECK(Parsed({"check-config", "-"}).config_file == "-");
}

TEST_CASE("options: a switch may say that it is on or off") {
  CHECK(Parsed({"--pid=1", "--web.systemd-socket=true"}).systemd_socket);
  CHECK_FALSE(Parsed({"--pid=1", "--web.systemd-socket=false"}).systemd_socket);
  for (const std::string value :
       {"TRUE", "On", "yes", "enable", "1", "t", "+"}) {
    const std::string on = "--web.systemd-socket=" + value;
    INFO(on);
    CHECK(Parsed({"--pid=1", on.c_str()}).systemd_socket);
  }
  for (const std::string value : {"OFF", "no", "disable", "0", "f", "N", "-"}) {
    const std::string off = "--web.systemd-socket=" + value;
    INFO(off);
    CHECK_FALSE(Parsed({"--pid=1", off.c_str()}).systemd_socket);
  }
}

TEST_CASE("options: help wins over everything, and is about the command") {
  for (const auto& arguments :
       {Arguments{"--help"}, Arguments{"-h"}, Arguments{"--pid=x", "--help"},
        Arguments{"--nonsense", "--pid", "--help"},
        Arguments{"nonsense", "--version", "--help"}}) {
    const auto options = Parse(arguments);
    REQUIRE_FALSE(options);
    CHECK(options.error().exit_code == 0);
    CHECK(options.error().text == HelpText());
  }
  for (const CommandSpec& command : Commands()) {
    const auto options = Parse({"--nonsense", command.name.data(), "-h"});
    REQUIRE_FALSE(options);
    CHECK(options.error().exit_code == 0);
    CHECK(options.error().text == CommandHelpText(command));
  }
}

TEST_CASE("options: the version wins over everything but the help") {
  const auto version = Parse({"profile", "--pid=x", "--version"});
  REQUIRE_FALSE(version);
  CHECK(version.error().exit_code == 0);
  CHECK(version.error().text == VersionText());
}

TEST_CASE("options: a program may be started without even a name") {
  const auto options = ParseOptions(0, nullptr);
  REQUIRE_FALSE(options);
  CHECK_THAT(options.error().text, ContainsSubstring("nothing to watch"));
}

TEST_CASE("options: no words make it throw or say more than two lines") {
  const std::vector<const char*> words = {"",
                                          "-",
                                          "--",
                                          "--=",
                                          "-=",
                                          "---",
                                          "--pid",
                                          "--pid=",
                                          "--pid=1",
                                          "--pid=1=2",
                                          "-p",
                                          "-h",
                                          "--help=x",
                                          "serve",
                                          "profile",
                                          "memory",
                                          "check-config",
                                          "{}",
                                          "[]",
                                          "[a,b]",
                                          "\"",
                                          "'",
                                          "%%",
                                          "a=b",
                                          "--config.file",
                                          "--version=",
                                          "--log.level",
                                          "\xff\xfe",
                                          "--\xff",
                                          "-1",
                                          "--web.systemd-socket=maybe",
                                          "@file",
                                          "\n",
                                          "++x",
                                          "--web.listen-address"};
  std::mt19937 random(20261121);
  for (int i = 0; i < 5000; ++i) {
    Arguments arguments(random() % 6);
    for (const char*& word : arguments) word = words[random() % words.size()];
    const auto options = Parse(arguments);
    if (options || options.error().exit_code == 0) continue;
    const std::string& text = options.error().text;
    CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  }
}

}  // namespace
}  // namespace leak_exporter
