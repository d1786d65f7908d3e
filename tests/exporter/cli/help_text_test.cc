#include "exporter/cli/help_text.h"

#include <string>

#include "exporter/cli/flag_table.h"
#include "exporter/cli/version.h"
#include "tests/catch.h"

namespace leak_exporter {
namespace {

void CheckLayout(const std::string& help) {
  INFO(help);
  size_t column = 0;
  for (const char c : help) {
    column = c == '\n' ? 0 : column + 1;
    CHECK(column <= 80);
    CHECK((c == '\n' || (c >= ' ' && c <= '~')));
  }
  CHECK(help.ends_with('\n'));
  CHECK(help.find(" \n") == help.npos);
  CHECK(help.find("\n\n\n") == help.npos);
}

TEST_CASE("help: at most 80 columns of printable ASCII") {
  CheckLayout(HelpText());
  for (const CommandSpec& command : Commands()) {
    CheckLayout(CommandHelpText(command));
  }
}

TEST_CASE("help: names have the left column, wrapped sentences the right one") {
  const std::string help = HelpText();
  CHECK_THAT(help, ContainsSubstring(R"(
  check-config          Check FILE: print every error in it, as
                        file:line:column.

Flags of serve, profile:
  --config.file=FILE    Read targets, collectors and debugging intervals from
                        FILE.
)"));
  CHECK_THAT(help, ContainsSubstring(R"(
  --web.telemetry-path=PATH
                        Serve the metrics under PATH. (/metrics)
  --web.max-connections=N
                        Keep at most N connections, and half of them from one
                        address. A new one is always accepted; the one that has
                        longest made no progress is closed for it. (64)
  --web.enable-lifecycle
                        Let everybody reload the configuration by POST
                        /-/reload; =false: nobody. (root and the exporter's
                        user, from this machine)
  --web.enable-debug    Serve the debug blocks; =false: do not. (on)

Flags of serve, check-config:
  --web.config.file=FILE
                        Read TLS, users with their passwords, response headers
                        and a rate limit from FILE, in the format of
                        Prometheus's exporters.

Flags of profile:
)"));
  CHECK_THAT(help, ContainsSubstring(R"(

Flags of every command:
  --log.level=LEVEL     )"));
  CHECK_THAT(help, ContainsSubstring("\n  -h, --help            Print this"));
}

TEST_CASE("help: a command's own holds its flags and no other") {
  for (const CommandSpec& command : Commands()) {
    const std::string help = CommandHelpText(command);
    INFO(help);
    CHECK_THAT(help, ContainsSubstring(std::string(command.usage)));
    for (const FlagSpec& flag : Flags()) {
      const bool listed =
          help.find("\n  " + std::string(flag.name)) != help.npos ||
          help.find("\n  -h, " + std::string(flag.name)) != help.npos;
      CHECK(listed == (flag.IsFor(command.command) && !flag.help.empty()));
    }
  }
}

TEST_CASE("help: every command has its usage and its examples") {
  const std::string help = HelpText();
  for (const CommandSpec& command : Commands()) {
    CHECK_THAT(help, ContainsSubstring(std::string(command.usage)));
    REQUIRE_FALSE(command.examples.empty());
    for (const std::string_view example : command.examples) {
      CHECK_THAT(help, ContainsSubstring("\n  leak_exporter " +
                                         std::string(example) + "\n"));
    }
  }
}

TEST_CASE("version text: one line with version, revision and compiler") {
  const BuildInfo& build = ThisBuild();
  CHECK(VersionText() == "leak_exporter " + build.version + " (revision " +
                             build.revision + ", " + build.compiler + ")\n");
}

}  // namespace
}  // namespace leak_exporter
