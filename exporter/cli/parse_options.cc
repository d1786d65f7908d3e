#include "exporter/cli/parse_options.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "config/nearest.h"
#include "exporter/cli/command_table.h"
#include "exporter/cli/exit_code.h"
#include "exporter/cli/flag_table.h"
#include "exporter/cli/help_text.h"
#include "metrics/base/ascii.h"
#include "metrics/base/quote.h"

namespace leak_exporter {
namespace {

struct GivenFlag {
  const FlagSpec* spec;
  std::optional<std::string> value;
};

/// The parts of the command line, before they are checked.
struct CommandLine {
  std::vector<GivenFlag> flags;
  std::vector<std::string> unknown_flags;
  /// The command, if there is one, and its arguments.
  std::vector<std::string> words;
};

const FlagSpec* FindFlag(std::string_view name) {
  for (const FlagSpec& flag : Flags()) {
    if (name == flag.name || (name == flag.short_name && !name.empty())) {
      return &flag;
    }
  }
  return nullptr;
}

const CommandSpec* FindCommand(std::string_view name) {
  for (const CommandSpec& command : Commands()) {
    if (name == command.name) return &command;
  }
  return nullptr;
}

CommandLine Split(int argc, const char* const* argv) {
  CommandLine line;
  bool flags_ended = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (flags_ended || word == "-" || !word.starts_with('-')) {
      line.words.emplace_back(word);
      continue;
    }
    if (word == "--") {
      flags_ended = true;
      continue;
    }
    const size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const FlagSpec* const flag = FindFlag(name);
    if (flag == nullptr) {
      line.unknown_flags.emplace_back(name);
      continue;
    }
    GivenFlag& given = line.flags.emplace_back(GivenFlag{flag, {}});
    if (equals != word.npos) {
      given.value = word.substr(equals + 1);
    } else if (flag->TakesValue() && i + 1 < argc &&
               !std::string_view(argv[i + 1]).starts_with("--")) {
      given.value = argv[++i];
    }
  }
  return line;
}

bool Gives(const CommandLine& line, std::string_view flag) {
  return std::any_of(
      line.flags.begin(), line.flags.end(),
      [flag](const GivenFlag& given) { return given.spec->name == flag; });
}

template <typename Specs>
std::string DidYouMean(std::string_view word, const Specs& specs) {
  std::vector<std::string> names;
  for (const auto& spec : specs) names.emplace_back(spec.name);
  return config::DidYouMean(word, names);
}

Checked UnknownWord(const std::string& word) {
  if (FindCommand(word) != nullptr) return Wrong("more than one command");
  return Wrong("unknown command or argument " + Quote(word) +
               DidYouMean(word, Commands()));
}

/// Reads a switch's value in upper or lower case. Absent if it is no such
/// value.
std::optional<bool> ParseSwitch(std::string_view text) {
  constexpr std::array<std::string_view, 8> kOn = {
      "true", "on", "yes", "enable", "1", "t", "y", "+"};
  constexpr std::array<std::string_view, 8> kOff = {
      "false", "off", "no", "disable", "0", "f", "n", "-"};
  const std::string value = LowerAscii(text);
  const auto has = [&value](const auto& words) {
    return std::find(words.begin(), words.end(), value) != words.end();
  };
  if (has(kOn)) return true;
  if (has(kOff)) return false;
  return std::nullopt;
}

Checked SetSwitch(const GivenFlag& given, Options& options) {
  bool on = true;
  if (given.value) {
    const auto parsed = ParseSwitch(*given.value);
    if (!parsed) {
      return Wrong("unknown value " + Quote(*given.value) +
                   "; expected true or false");
    }
    on = *parsed;
  }
  if (given.spec->set == nullptr || (!on && !given.spec->takes_off)) return {};
  return given.spec->set(on ? "" : "false", options);
}

Checked SetFlag(const GivenFlag& given, Options& options) {
  if (!given.spec->TakesValue()) return SetSwitch(given, options);
  if (given.value.value_or("").empty()) return Wrong("has no value");
  return given.spec->set(*given.value, options);
}

Checked SetFlags(const CommandLine& line, const CommandSpec& command,
                 Options& options) {
  std::vector<const FlagSpec*> seen;
  for (const GivenFlag& given : line.flags) {
    const FlagSpec& flag = *given.spec;
    const std::string name(flag.name);
    if (!flag.IsFor(command.command)) {
      return Wrong(name + ": has no meaning for " + std::string(command.name));
    }
    if (flag.TakesValue() && !flag.repeatable &&
        std::find(seen.begin(), seen.end(), &flag) != seen.end()) {
      return Wrong(name + ": given twice");
    }
    seen.push_back(&flag);
    const auto set = SetFlag(given, options);
    if (!set) return Wrong(name + ": " + set.error());
  }
  return {};
}

Checked Check(const CommandLine& line, const CommandSpec& command,
              const std::vector<std::string>& arguments, Options& options) {
  if (!line.unknown_flags.empty()) {
    const std::string& name = line.unknown_flags.front();
    return Wrong("unknown flag " + Quote(name) + DidYouMean(name, Flags()));
  }
  if (arguments.size() > command.most_arguments) {
    return UnknownWord(arguments[command.most_arguments]);
  }
  options.command = command.command;
  return SetFlags(line, command, options).and_then([&] {
    return command.finish(arguments, options);
  });
}

}  // namespace

tl::expected<Options, Ending> ParseOptions(int argc, const char* const* argv) {
  const CommandLine line = Split(argc, argv);
  const CommandSpec* const given =
      line.words.empty() ? nullptr : FindCommand(line.words.front());
  if (Gives(line, "--help")) {
    return tl::unexpected(Ending{
        given == nullptr ? HelpText() : CommandHelpText(*given), kExitDone});
  }
  if (Gives(line, "--version")) {
    return tl::unexpected(Ending{VersionText(), kExitDone});
  }
  const std::vector<std::string> arguments(
      line.words.begin() + (given == nullptr ? 0 : 1), line.words.end());
  Options options;
  const auto checked = Check(
      line, given == nullptr ? Commands().front() : *given, arguments, options);
  if (checked) return options;
  return tl::unexpected(Ending{
      "leak_exporter: " + checked.error() + "\nTry 'leak_exporter --help'.\n",
      kExitCommandLine});
}

}  // namespace leak_exporter
