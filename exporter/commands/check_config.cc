#include "exporter/commands/check_config.h"

#include "exporter/cli/effective_config.h"
#include "exporter/cli/exit_code.h"
#include "exporter/http/web_setup_file.h"
#include "metrics/base/clock.h"

namespace leak_exporter {

int RunCheckConfig(const Options& options, std::ostream& out,
                   std::ostream& err) {
  const auto config = LoadEffectiveConfig(options);
  if (!config) {
    for (const std::string& mistake : config.error()) err << mistake << '\n';
    return kExitConfiguration;
  }
  if (!options.web_config_file.empty()) {
    const SystemClock clock;
    const auto web = http::WebSetupFile::Open(options.web_config_file, clock);
    if (!web) {
      for (const std::string& mistake : web.error()) err << mistake << '\n';
      return kExitConfiguration;
    }
  }
  const size_t targets = config->targets.size();
  out << options.config_file << ": ok, " << targets
      << (targets == 1 ? " target\n" : " targets\n");
  return kExitDone;
}

}  // namespace leak_exporter
