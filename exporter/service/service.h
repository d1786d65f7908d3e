#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "config/config.h"
#include "exporter/cli/options.h"
#include "exporter/debug/debug_reporter.h"
#include "exporter/http/handlers/shared_limits.h"
#include "exporter/http/listen_socket.h"
#include "exporter/http/server.h"
#include "exporter/http/web_setup_file.h"
#include "exporter/log/log.h"
#include "exporter/reload/reloader.h"
#include "exporter/schedule/snapshotter.h"
#include "exporter/schedule/waitable_clock.h"
#include "exporter/schedule/worker_threads.h"
#include "exporter/service/self_status.h"
#include "exporter/service/socket_helper.h"
#include "exporter/service/web_config_watch.h"
#include "exporter/system/sd_notify.h"
#include "exporter/system/signal_fd.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/targets/user_lookup.h"

namespace leak_exporter {

/// What a Service is given that has to exist before its system calls are
/// filtered.
struct ServiceParts {
  std::vector<http::ListenSocket> sockets;
  /// Null if there is no web configuration.
  std::shared_ptr<http::WebSetupFile> web;
  ServiceManager manager;
  UserLookup look_up_user;
  SocketHelper socket_helper;
  /// Whether a later configuration may ask for it, too.
  bool may_stop_targets = false;
};

/// Makes and owns everything that runs while the program serves. For use from
/// the main thread.
class Service {
 public:
  /// Begins to serve. `config` is the configuration that `options` name.
  Service(const Options& options, const config::Config& config,
          ServiceParts parts, Logger& logger);

  /// Handles events until SIGTERM or SIGINT, and then ends what was started.
  /// Returns whether every thread has ended. If not, threads still use this
  /// object, and the program must exit without destroying it.
  bool Run();

 private:
  render::ExporterStatus Status() const;
  void WarnOfExposure();
  void Apply(const config::Config& config);
  LoadResult LoadAgain() const;
  ReloadSteps HowToReload();
  bool EndIsSignalled();
  void AwaitEvent() const;
  void ReportRefusedCalls();
  void FeedManager();
  bool End();
  void Report(const Result<void>& done);

  const Options& options_;
  Logger& logger_;
  SignalFd signals_;
  ServiceManager manager_;
  SocketHelper socket_helper_;
  const bool may_stop_targets_;
  SystemWaitableClock clock_;
  procfs::ProcFs proc_fs_;
  WorkerThreads workers_;
  SelfStatus self_;
  Snapshotter snapshotter_;
  http::SharedLimits limits_;
  std::shared_ptr<DebugReporter> reporter_;
  ConfigReloader reloader_;
  std::shared_ptr<http::WebSetupFile> web_;
  /// Null if there is no web configuration.
  std::shared_ptr<WebConfigWatch> web_watch_;
  std::shared_ptr<http::Server> server_;
  std::chrono::steady_clock::time_point next_feeding_{};
};

}  // namespace leak_exporter
