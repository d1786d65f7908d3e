#include "exporter/commands/check_config.h"

#include "exporter/cli/effective_config.h"
#include "exporter/cli/exit_code.h"

namespace leak_exporter {

int RunCheckConfig(const Options& options, std::ostream& out,
                   std::ostream& err) {
  const auto config = LoadEffectiveConfig(options);
  if (!config) {
    for (const std::string& mistake : config.error()) err << mistake << '\n';
    return kExitConfiguration;
  }
  const size_t targets = config->targets.size();
  out << options.config_file << ": ok, " << targets
      << (targets == 1 ? " target\n" : " targets\n");
  return kExitDone;
}

}  // namespace leak_exporter
