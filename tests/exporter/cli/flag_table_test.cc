#include "exporter/cli/flag_table.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "exporter/cli/command_table.h"
#include "exporter/cli/help_text.h"
#include "tests/catch.h"

namespace leak_exporter {
namespace {

using Names = std::set<std::string>;

/// Every --flag that a text names, once.
Names FlagsIn(const std::string& text) {
  Names flags;
  for (size_t at = text.find("--"); at != text.npos; at = text.find("--", at)) {
    const size_t end =
        std::min(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz.-", at),
                 text.size());
    std::string flag = text.substr(at, end - at);
    while (flag.ends_with('.')) flag.pop_back();
    flags.insert(flag);
    at = end;
  }
  return flags;
}

Names ShownFlags() {
  Names names;
  for (const FlagSpec& flag : Flags()) {
    if (!flag.help.empty()) names.emplace(flag.name);
  }
  return names;
}

std::string Manual() {
  std::ostringstream manual;
  manual << std::ifstream(LEAK_TEST_MANUAL).rdbuf();
  return manual.str();
}

TEST_CASE("flags: help and manual name every flag and no other") {
  CHECK(FlagsIn(HelpText()) == ShownFlags());
  CHECK(FlagsIn(Manual()) == ShownFlags());
}

TEST_CASE("flags: the manual names every command") {
  const std::string manual = Manual();
  for (const CommandSpec& command : Commands()) {
    CHECK_THAT(manual,
               ContainsSubstring("\n*" + std::string(command.name) + "*\n\t"));
  }
}

TEST_CASE("flags: each is declared once, and whole") {
  Names names;
  for (const FlagSpec& flag : Flags()) {
    INFO(flag.name);
    CHECK(names.emplace(flag.name).second);
    CHECK(flag.name.starts_with("--"));
    CHECK_FALSE(flag.commands.empty());
    CHECK((flag.help.empty() || flag.help.ends_with('.') ||
           flag.help.ends_with(')')));
    CHECK((flag.set != nullptr || !flag.TakesValue()));
  }
}

TEST_CASE("flags: a flag is for the commands that it names") {
  const FlagSpec flag{.name = "--x", .commands = {Options::Command::kProfile}};
  CHECK(flag.IsFor(Options::Command::kProfile));
  CHECK_FALSE(flag.IsFor(Options::Command::kServe));
  CHECK_FALSE(flag.TakesValue());
}

}  // namespace
}  // namespace leak_exporter
