#include "exporter/commands/profile.h"

#include <chrono>
#include <cstdlib>
#include <string>

#include "exporter/cli/effective_config.h"
#include "exporter/cli/exit_code.h"
#include "exporter/log/log.h"
#include "exporter/schedule/measuring.h"
#include "exporter/schedule/snapshotter.h"
#include "exporter/schedule/waitable_clock.h"
#include "exporter/schedule/worker_threads.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/render/debug/block_collectors.h"
#include "metrics/render/debug/debug_text.h"
#include "metrics/render/json/json.h"

namespace leak_exporter {
namespace {

constexpr std::chrono::minutes kBudget{1};
constexpr std::chrono::milliseconds kPatienceAtTheEnd{200};

std::string Render(const Snapshot& snapshot, const Options& options) {
  if (options.profile_format == ProfileFormat::kJson) {
    return render::BlocksJson(snapshot, options.profiles);
  }
  return render::DebugBlocks(snapshot, options.profiles,
                             /*several_targets=*/snapshot.targets.size() > 1);
}

}  // namespace

int RunProfile(const Options& options, std::ostream& out, std::ostream& err) {
  const auto config = LoadEffectiveConfig(options);
  if (!config) {
    for (const std::string& mistake : config.error()) err << mistake << '\n';
    return kExitConfiguration;
  }
  const procfs::ProcFs proc_fs;
  if (const auto given = CheckGivenPids(options, proc_fs); !given) {
    err << given.error().message << '\n';
    return kExitTarget;
  }
  const auto logger =
      MakeStandardErrorLogger(options.log_format, options.log_level);
  const SystemWaitableClock clock;
  WorkerThreads workers;
  Snapshotter snapshotter(MakeMeasuringFactory(proc_fs, RaiseDescriptorLimit()),
                          {clock, proc_fs, workers, *logger});
  snapshotter.Configure(*config);
  out << Render(snapshotter.Take({std::nullopt,
                                  render::CollectorsOf(options.profiles),
                                  kBudget}),
                options)
      << std::flush;
  int exit_code = kExitDone;
  if (!out) {
    err << "the blocks could not be written\n";
    exit_code = EXIT_FAILURE;
  }
  snapshotter.Stop();
  // What hangs refers to what this function owns.
  if (!workers.WaitUntilIdle(kPatienceAtTheEnd)) std::_Exit(exit_code);
  return exit_code;
}

}  // namespace leak_exporter
