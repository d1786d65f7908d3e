#include "exporter/cli/raw_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

namespace leak_exporter {
namespace {

// One value an occurrence, so that a word after it is never taken for another,
// and a value in brackets is not taken for a list.
void AddValue(CLI::App& app, const std::string& name,
              std::vector<std::string>& values) {
  app.add_option(name, values)
      ->type_name("value")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

void AddFlags(CLI::App& app, RawOptions& raw) {
  app.set_help_flag();
  app.add_flag("-h,--help", raw.help);
  app.add_flag("--version", raw.version);
  AddValue(app, "--config.file", raw.config_file);
  AddValue(app, "--pid", raw.pids);
  AddValue(app, "--web.listen-address", raw.listen_addresses);
  app.add_flag("--web.systemd-socket", raw.systemd_socket);
  AddValue(app, "--web.telemetry-path", raw.telemetry_path);
  AddValue(app, "--web.config.file", raw.web_config_file);
  AddValue(app, "--log.level", raw.log_level);
  AddValue(app, "--log.format", raw.log_format);
  AddValue(app, "--format", raw.profile_format);
  for (const CLI::Option* const option : app.get_options()) {
    raw.known_flags.push_back("--" + option->get_lnames().front());
  }
}

}  // namespace

tl::expected<RawOptions, std::string> SplitCommandLine(
    int argc, const char* const* argv) {
  RawOptions raw;
  raw.known_commands = {"serve", "profile", "check-config"};
  CLI::App app("", "leak_exporter");
  AddFlags(app, raw);
  app.allow_extras();
  for (const std::string& name : raw.known_commands) {
    CLI::App* const command = app.add_subcommand(name);
    command->set_help_flag();
    command->fallthrough();
    command->allow_extras();
  }
  app.get_subcommand("profile")->add_option("profiles", raw.profiles);
  AddValue(*app.get_subcommand("check-config"), "file", raw.check_config_file);
  // CLI11 takes words from the back. A program may be started without a name.
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  std::reverse(words.begin(), words.end());
  try {
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    return tl::unexpected(std::string(error.what()));
  }
  raw.rest = app.remaining(true);
  const auto commands = app.get_subcommands();
  if (commands.size() > 1) {
    return tl::unexpected(std::string("more than one command"));
  }
  if (!commands.empty()) raw.command = commands.front()->get_name();
  return raw;
}

}  // namespace leak_exporter
