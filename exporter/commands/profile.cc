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
#include "exporter/service/user_helper.h"
#include "exporter/system/descriptor_limit.h"
#include "exporter/system/syscall_filter.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/render/debug/block_collectors.h"
#include "metrics/render/debug/debug_text.h"
#include "metrics/render/json/json.h"

namespace leak_exporter {
namespace {

constexpr std::chrono::minutes kBudget{1};
constexpr std::chrono::milliseconds kPatienceAtTheEnd{200};

std::string Render(const Snapshot& snapshot, const Options& options) {
  if (options.block_format == BlockFormat::kJson) {
    return render::BlocksJson(snapshot, options.blocks);
  }
  return render::DebugBlocks(snapshot, options.blocks,
                             /*several_targets=*/snapshot.targets.size() > 1);
}

}  // namespace

int RunProfile(const Options& options, std::ostream& out, std::ostream& err) {
  const auto config = LoadEffectiveConfig(options);
  if (!config) {
    for (const std::string& mistake : config.error()) err << mistake << '\n';
    return kExitConfiguration;
  }
  auto look_up_user = StartUserHelper();
  if (!look_up_user) {
    err << look_up_user.error().message << '\n';
    return EXIT_FAILURE;
  }
  const auto filtered = InstallSyscallFilter(
      options.unneeded_calls, {config->collectors.python_heap.freeze});
  const procfs::ProcFs proc_fs;
  if (const auto given = CheckGivenPids(options, proc_fs); !given) {
    err << given.error().message << '\n';
    return kExitTarget;
  }
  const auto logger =
      MakeStandardErrorLogger(options.log_format, options.log_level);
  if (!filtered) logger->Warn(filtered.error().message);
  const SystemWaitableClock clock;
  WorkerThreads workers;
  Snapshotter snapshotter(MakeMeasuringFactory(proc_fs, RaiseDescriptorLimit(),
                                               *std::move(look_up_user)),
                          {clock, proc_fs, workers, *logger});
  // The blocks show the heaps of main processes only.
  config::Config main_only = *config;
  main_only.collectors.python_heap.children = false;
  snapshotter.Configure(main_only);
  const Snapshot snapshot = snapshotter.Take(
      {std::nullopt, render::CollectorsOf(options.blocks), kBudget});
  // Warnings come before the blocks that they are about.
  logger->Flush(Logger::kPatienceAtTheEnd);
  out << Render(snapshot, options) << std::flush;
  int exit_code = kExitDone;
  if (!out) {
    err << "the blocks could not be written\n";
    exit_code = EXIT_FAILURE;
  }
  snapshotter.Stop();
  const bool idle = workers.WaitUntilIdle(kPatienceAtTheEnd);
  const bool written = logger->Flush(Logger::kPatienceAtTheEnd);
  // A thread that hangs uses objects of this function.
  if (!idle || !written) std::_Exit(exit_code);
  return exit_code;
}

}  // namespace leak_exporter
