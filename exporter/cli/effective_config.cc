#include "exporter/cli/effective_config.h"

#include <utility>

#include "config/load_config.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter {
namespace {

config::TargetConfig TargetOf(pid_t pid) {
  config::TargetConfig target;
  target.name = "pid-" + std::to_string(pid);
  target.match.pids = {pid};
  return target;
}

}  // namespace

tl::expected<config::Config, std::vector<std::string>> LoadEffectiveConfig(
    const Options& options) {
  config::Config config;
  if (!options.config_file.empty()) {
    auto loaded = config::LoadConfig(
        options.config_file, options.pids.empty() ? config::Targets::kRequired
                                                  : config::Targets::kOptional);
    if (!loaded) {
      return tl::unexpected(
          config::ToStrings(options.config_file, loaded.error()));
    }
    config = std::move(*loaded);
  }
  if (!options.pids.empty()) config.targets.clear();
  for (const pid_t pid : options.pids) config.targets.push_back(TargetOf(pid));
  return config;
}

Result<void> CheckGivenPids(const Options& options,
                            const procfs::ProcFs& proc_fs) {
  for (const pid_t pid : options.pids) {
    const auto process = procfs::ProcessHandle::Open(
        proc_fs, pid, procfs::ProcessHandle::Keep::kNothing);
    if (process) continue;
    return Failure(process.error().code, "--pid=" + std::to_string(pid) + ": " +
                                             process.error().message);
  }
  return {};
}

}  // namespace leak_exporter
