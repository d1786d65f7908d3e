#include "exporter/cli/command_table.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "exporter/cli/choice.h"

namespace leak_exporter {
namespace {

const ListenAddress kDefaultListenAddress{"127.0.0.1", 10042, ""};

constexpr std::array<Choice<DebugBlock>, 4> kBlocks = {
    {{"memory", DebugBlock::kMemory},
     {"pid", DebugBlock::kPid},
     {"disk", DebugBlock::kDisk},
     {"mapping", DebugBlock::kMapping}}};

Checked HasTarget(const Options& options) {
  if (!options.config_file.empty() || !options.pids.empty()) return {};
  return Wrong("nothing to watch; give --config.file=FILE or --pid=N");
}

Checked FinishServe(const std::vector<std::string>&, Options& options) {
  options.default_listen_address = options.listen_addresses.empty();
  if (options.systemd_socket && !options.default_listen_address) {
    return Wrong(
        "--web.systemd-socket and --web.listen-address exclude each other");
  }
  if (options.default_listen_address) {
    options.listen_addresses = {kDefaultListenAddress};
  }
  return HasTarget(options);
}

Checked FinishProfile(const std::vector<std::string>& arguments,
                      Options& options) {
  std::vector<DebugBlock> asked;
  for (const std::string& word : arguments) {
    const auto block = Choose(kBlocks, word);
    if (!block) return Wrong("profile: unknown block " + block.error());
    asked.push_back(*block);
  }
  for (const DebugBlock block : render::kDebugBlocks) {
    if (asked.empty() ||
        std::find(asked.begin(), asked.end(), block) != asked.end()) {
      options.blocks.push_back(block);
    }
  }
  return HasTarget(options);
}

Checked FinishCheckConfig(const std::vector<std::string>& arguments,
                          Options& options) {
  if (arguments.empty()) return Wrong("check-config: expected a FILE");
  if (arguments[0].empty()) return Wrong("check-config: has no value");
  options.config_file = arguments[0];
  return {};
}

}  // namespace

const std::vector<CommandSpec>& Commands() {
  static const std::vector<CommandSpec> kCommands = {
      {.command = Options::Command::kServe,
       .name = "serve",
       .usage = "[serve] --config.file=FILE | --pid=N [--pid=N ...] [flags]",
       .help = "Serve metrics over HTTP until SIGTERM or SIGINT (the default).",
       .examples = {"--pid=4306",
                    "--config.file=/etc/leak_exporter.yml "
                    "--web.listen-address=:10042"},
       .most_arguments = 0,
       .finish = FinishServe},
      {.command = Options::Command::kProfile,
       .name = "profile",
       .usage = "profile --config.file=FILE | --pid=N [BLOCK ...] [flags]",
       .help =
           "Print debug blocks once and end: memory, pid, disk and mapping; "
           "all without a name.",
       .examples =
           {"profile --pid=4306 pid disk",
            "profile --config.file=/etc/leak_exporter.yml --format=json"},
       .most_arguments = SIZE_MAX,
       .finish = FinishProfile},
      {.command = Options::Command::kCheckConfig,
       .name = "check-config",
       .usage = "check-config FILE [flags]",
       .help = "Check FILE: print every error in it, as file:line:column.",
       .examples = {"check-config /etc/leak_exporter.yml"},
       .most_arguments = 1,
       .finish = FinishCheckConfig},
  };
  return kCommands;
}

}  // namespace leak_exporter
