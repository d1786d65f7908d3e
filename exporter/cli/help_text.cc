#include "exporter/cli/help_text.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/cli/flag_table.h"
#include "exporter/cli/version.h"

namespace leak_exporter {
namespace {

constexpr size_t kWidth = 80;
/// The column of the texts about commands and flags.
constexpr size_t kIndent = 24;

constexpr std::string_view kExitCodes = R"(
Exit codes:
  0  done
  1  the configuration is wrong
  2  the command line is wrong
  3  a target given by --pid does not exist or may not be read
  4  an address cannot be bound
)";

/// Appends `text`, wrapped at spaces. Its lines begin in column `indent`. The
/// first line has `left` before it; a `left` that is too long has a line of its
/// own.
void AppendWrapped(std::string left, std::string_view text, size_t indent,
                   std::string& help) {
  std::string line = std::move(left);
  const auto end_line = [&] {
    help.append(line).append("\n");
    line.assign(indent, ' ');
  };
  if (line.size() + 2 > indent && indent > 0) end_line();
  line.resize(indent, ' ');
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (line.size() > indent && line.size() + 1 + word.size() > kWidth) {
      end_line();
    }
    if (line.size() > indent) line += ' ';
    line += word;
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  end_line();
}

void AppendFlag(const FlagSpec& flag, std::string& help) {
  std::string name = "  ";
  if (!flag.short_name.empty()) name.append(flag.short_name).append(", ");
  name.append(flag.name);
  if (flag.TakesValue()) name.append("=").append(flag.value);
  AppendWrapped(std::move(name), flag.help, kIndent, help);
}

/// The commands that take a flag: "serve, profile".
std::string TakersOf(const FlagSpec& flag) {
  if (flag.commands.size() == Commands().size()) return "every command";
  std::string heading;
  for (const CommandSpec& command : Commands()) {
    if (!flag.IsFor(command.command)) continue;
    if (!heading.empty()) heading += ", ";
    heading += command.name;
  }
  return heading;
}

void AppendExamples(const std::vector<CommandSpec>& commands,
                    std::string& help) {
  help += "\nExamples:\n";
  for (const CommandSpec& command : commands) {
    for (const std::string_view example : command.examples) {
      help.append("  leak_exporter ").append(example).append("\n");
    }
  }
}

}  // namespace

std::string HelpText() {
  std::string help =
      "leak_exporter: says from outside what running applications leak, for "
      "Prometheus\n\nUsage:\n";
  for (const CommandSpec& command : Commands()) {
    help.append("  leak_exporter ").append(command.usage).append("\n");
  }
  help += "\nCommands:\n";
  for (const CommandSpec& command : Commands()) {
    AppendWrapped("  " + std::string(command.name), command.help, kIndent,
                  help);
  }
  std::string takers;
  for (const FlagSpec& flag : Flags()) {
    if (flag.help.empty()) continue;
    if (takers != TakersOf(flag)) {
      takers = TakersOf(flag);
      help.append("\nFlags of ").append(takers).append(":\n");
    }
    AppendFlag(flag, help);
  }
  help += kExitCodes;
  AppendExamples(Commands(), help);
  return help;
}

std::string CommandHelpText(const CommandSpec& command) {
  std::string help = "Usage:\n  leak_exporter ";
  help.append(command.usage).append("\n\n");
  AppendWrapped("", command.help, 0, help);
  help += "\nFlags:\n";
  for (const FlagSpec& flag : Flags()) {
    if (!flag.help.empty() && flag.IsFor(command.command)) {
      AppendFlag(flag, help);
    }
  }
  help += kExitCodes;
  AppendExamples({command}, help);
  return help;
}

std::string VersionText() {
  const BuildInfo& build = ThisBuild();
  return "leak_exporter " + build.version + " (revision " + build.revision +
         ", " + build.compiler + ")\n";
}

}  // namespace leak_exporter
