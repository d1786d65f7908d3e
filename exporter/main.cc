#include <iostream>

#include "exporter/cli/parse_options.h"
#include "exporter/commands/check_config.h"
#include "exporter/commands/profile.h"
#include "exporter/commands/serve.h"

namespace {

int Run(const leak_exporter::Options& options) {
  using Command = leak_exporter::Options::Command;
  switch (options.command) {
    case Command::kServe:
      return leak_exporter::RunServe(options, std::cerr);
    case Command::kProfile:
      return leak_exporter::RunProfile(options, std::cout, std::cerr);
    case Command::kCheckConfig:
      return leak_exporter::RunCheckConfig(options, std::cout, std::cerr);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = leak_exporter::ParseOptions(argc, argv);
  if (!options) {
    const leak_exporter::Ending& ending = options.error();
    (ending.exit_code == 0 ? std::cout : std::cerr) << ending.text;
    return ending.exit_code;
  }
  return Run(*options);
}
