#include "exporter/service/service.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <csignal>
#include <utility>

#include "exporter/cli/effective_config.h"
#include "exporter/http/handlers/handlers.h"
#include "exporter/schedule/measuring.h"
#include "exporter/service/process_user.h"
#include "exporter/system/descriptor_limit.h"
#include "exporter/system/syscall_filter.h"

namespace leak_exporter {
namespace {

// The program promises to end within a second.
constexpr std::chrono::milliseconds kPatienceAtTheEnd{400};
// A question is judged a turn later, and the manager is to hear of it twice
// within its interval.
constexpr int kWatchdogTurns = 4;

std::string HostName() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

http::ServerLimits WebLimits(const Options& options) {
  http::ServerLimits limits;
  limits.connections.connections = options.max_connections;
  return limits;
}

http::WebSetupSource WebSource(
    const std::shared_ptr<http::WebSetupFile>& file) {
  if (file == nullptr) return nullptr;
  return [file] { return file->Current(); };
}

}  // namespace

Service::Service(const Options& options, const config::Config& config,
                 ServiceParts parts, Logger& logger)
    : options_(options),
      logger_(logger),
      signals_({SIGTERM, SIGINT, SIGHUP}),
      manager_(std::move(parts.manager)),
      socket_helper_(std::move(parts.socket_helper)),
      may_stop_targets_(parts.may_stop_targets),
      self_(proc_fs_, clock_),
      snapshotter_(MakeMeasuringFactory(proc_fs_, RaiseDescriptorLimit(),
                                        std::move(parts.look_up_user)),
                   {clock_, proc_fs_, workers_, logger_}),
      reporter_(std::make_shared<DebugReporter>(snapshotter_, clock_, logger_)),
      reloader_(HowToReload(), clock_, logger_),
      web_(std::move(parts.web)) {
  Apply(config);
  server_ = std::make_shared<http::Server>(
      std::move(parts.sockets),
      http::MakeRoutes({snapshotter_, limits_, [this] { return Status(); },
                        [this] { return reloader_.Request(); },
                        options_.telemetry_path,
                        http::ClientTrust(HostName(), ::geteuid()),
                        [this](const MainProcess& process) {
                          return UserOfProcess(proc_fs_, process);
                        },
                        options_.enable_lifecycle, options_.enable_debug}),
      logger_, WebLimits(options_), WebSource(web_));
  for (const http::ListenSocket& socket : server_->sockets()) {
    logger_.Info("listening", {{"address", socket.address()}});
  }
  WarnOfExposure();
  if (web_) {
    web_watch_ = std::make_shared<WebConfigWatch>(web_, clock_, logger_);
  }
}

void Service::WarnOfExposure() {
  const auto web =
      web_ ? web_->Current() : std::make_shared<const http::WebSetup>();
  if (web->Encrypts() && web->IdentifiesClients()) return;
  std::string addresses;
  for (const http::ListenSocket& socket : server_->sockets()) {
    if (socket.IsForThisMachineOnly()) continue;
    addresses += (addresses.empty() ? "" : " ") + socket.address();
  }
  if (addresses.empty()) return;
  if (web->IdentifiesClients()) {
    logger_.Warn("other machines may connect, without TLS",
                 {{"address", addresses},
                  {"exposed", "passwords and all responses, on the way"}});
    return;
  }
  std::string exposed = "metrics, names and pids of processes";
  if (options_.enable_debug) exposed += ", debug blocks without values";
  if (options_.enable_lifecycle == true) exposed += ", reloading";
  logger_.Warn(web->Encrypts()
                   ? "other machines may connect, without authentication"
                   : "other machines may connect, without TLS and without "
                     "authentication",
               {{"address", addresses}, {"exposed", exposed}});
}

bool Service::Run() {
  Report(manager_.Ready());
  Report(reporter_->Start(workers_));
  if (web_watch_) Report(web_watch_->Start(workers_));
  while (!EndIsSignalled()) {
    reloader_.Step();
    AwaitEvent();
    ReportRefusedCalls();
    FeedManager();
  }
  return End();
}

render::ExporterStatus Service::Status() const {
  render::ExporterStatus status = self_.Read();
  status.log_lines_dropped = logger_.dropped_lines();
  status.debug_blocks_dropped = reporter_->LeftOut();
  status.system_calls_refused = refused_calls::Count();
  if (!options_.config_file.empty()) {
    const ConfigReloader::State state = reloader_.state();
    status.config_last_reload_successful = state.last_successful;
    status.config_last_reload_success_unix_seconds =
        state.last_success_unix_seconds;
  }
  return status;
}

void Service::Apply(const config::Config& config) {
  snapshotter_.Configure(config);
  limits_.Configure(config);
  reporter_->Configure(config.debugging);
}

LoadResult Service::LoadAgain() const {
  LoadResult loaded = LoadEffectiveConfig(options_);
  if (!loaded || may_stop_targets_ || !loaded->collectors.python_heap.freeze) {
    return loaded;
  }
  return tl::unexpected(std::vector<std::string>{
      options_.config_file +
      ": python_heap.freeze: the program started without the right to stop a "
      "process, and gave it up; start it again"});
}

/// A thread that hangs in a step keeps the program from destroying this object.
ReloadSteps Service::HowToReload() {
  return {.file = options_.config_file,
          .load = [this] { return LoadAgain(); },
          .apply = [this](const config::Config& config) { Apply(config); },
          .start_thread =
              [this](std::function<void()> work) {
                return workers_.Start(WorkerThreads::Priority::kNormal,
                                      std::move(work));
              },
          .began = [this] { Report(manager_.Reloading(clock_.Now())); },
          .ended = [this] { Report(manager_.Ready()); }};
}

bool Service::EndIsSignalled() {
  while (const auto signal = signals_.Take()) {
    if (*signal != SIGHUP) return true;
    reloader_.RequestSilently();
  }
  return false;
}

void Service::AwaitEvent() const {
  auto until = reloader_.deadline();
  if (manager_.watchdog_interval()) {
    until = std::min(until.value_or(next_feeding_), next_feeding_);
  }
  int timeout_milliseconds = -1;
  if (until) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(*until - clock_.Now());
    timeout_milliseconds =
        static_cast<int>(std::clamp<int64_t>(left.count(), 0, 60'000));
  }
  std::array events = {pollfd{signals_.fd(), POLLIN, 0},
                       pollfd{reloader_.request_fd(), POLLIN, 0},
                       pollfd{reloader_.load_fd(), POLLIN, 0},
                       pollfd{refused_calls::fd(), POLLIN, 0}};
  ::poll(events.data(), events.size(), timeout_milliseconds);
}

void Service::ReportRefusedCalls() {
  for (const std::string& name : refused_calls::TakeNew()) {
    logger_.Error("a system call was refused, which the program does not need",
                  {{"call", name}});
  }
}

void Service::FeedManager() {
  const auto interval = manager_.watchdog_interval();
  if (!interval || clock_.Now() < next_feeding_) return;
  next_feeding_ = clock_.Now() + *interval / kWatchdogTurns;
  const bool encrypts = web_ && web_->Current()->Encrypts();
  const auto answered = socket_helper_.CheckAnswers(
      encrypts ? Watchdog::Protocol::kTls : Watchdog::Protocol::kHttp);
  Report(answered ? manager_.Watchdog() : answered);
}

bool Service::End() {
  logger_.Info("ending");
  Report(manager_.Stopping());
  reporter_->Stop();
  if (web_watch_) web_watch_->Stop();
  reloader_.Close();
  snapshotter_.Stop();
  // It waits for its handlers, which wait for nothing any more; but that is not
  // to be relied upon.
  Report(workers_.Start(
      WorkerThreads::Priority::kNormal,
      [server = std::move(server_)]() mutable { server.reset(); }));
  const bool ended = workers_.WaitUntilIdle(kPatienceAtTheEnd);
  Report(socket_helper_.RemoveFiles());
  if (!ended) {
    logger_.Warn("ended although work hangs",
                 {{"threads", static_cast<uint64_t>(workers_.running())}});
  }
  return ended;
}

void Service::Report(const Result<void>& done) {
  if (!done) logger_.Error(done.error().message);
}

}  // namespace leak_exporter
