#include "exporter/commands/serve.h"

#include <csignal>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "exporter/cli/effective_config.h"
#include "exporter/cli/exit_code.h"
#include "exporter/http/listen_socket.h"
#include "exporter/http/web_setup_file.h"
#include "exporter/log/log.h"
#include "exporter/service/service.h"
#include "exporter/service/socket_helper.h"
#include "exporter/service/user_helper.h"
#include "exporter/system/malloc_settings.h"
#include "exporter/system/sd_notify.h"
#include "exporter/system/syscall_filter.h"
#include "metrics/base/clock.h"

namespace leak_exporter {
namespace {

Result<std::vector<http::ListenSocket>> OpenSockets(const Options& options) {
  const char* listen_pid = ::getenv("LISTEN_PID");
  if (options.systemd_socket ||
      (options.default_listen_address && http::IsMeantForUs(listen_pid))) {
    return http::InheritedSockets(listen_pid, ::getenv("LISTEN_FDS"));
  }
  std::vector<http::ListenSocket> sockets;
  for (const ListenAddress& address : options.listen_addresses) {
    auto opened = http::Listen(address);
    if (!opened) return tl::unexpected(opened.error());
    std::move(opened->begin(), opened->end(), std::back_inserter(sockets));
  }
  return sockets;
}

}  // namespace

int RunServe(const Options& options, std::ostream& err) {
  const auto config = LoadEffectiveConfig(options);
  if (!config) {
    for (const std::string& mistake : config.error()) err << mistake << '\n';
    return kExitConfiguration;
  }
  const SystemClock web_clock;
  std::shared_ptr<http::WebSetupFile> web;
  if (!options.web_config_file.empty()) {
    auto opened = http::WebSetupFile::Open(options.web_config_file, web_clock);
    if (!opened) {
      for (const std::string& mistake : opened.error()) err << mistake << '\n';
      return kExitConfiguration;
    }
    web = std::move(*opened);
  }
  auto sockets = OpenSockets(options);
  if (!sockets) {
    err << sockets.error().message << '\n';
    return kExitBind;
  }
  auto manager = ServiceManager::FromEnvironment();
  auto look_up_user = StartUserHelper();
  auto socket_helper = SocketHelper::Start(*sockets);
  if (!look_up_user || !socket_helper) {
    err << (look_up_user ? socket_helper.error() : look_up_user.error()).message
        << '\n';
    return kExitBind;
  }
  ConfigureMalloc();
  std::signal(SIGPIPE, SIG_IGN);
  const SyscallNeeds needs{config->collectors.python_heap.freeze};
  const auto filtered = InstallSyscallFilter(options.unneeded_calls, needs);
  if (const auto given = CheckGivenPids(options, procfs::ProcFs()); !given) {
    err << given.error().message << '\n';
    return kExitTarget;
  }
  std::unique_ptr<Logger> logger;
  std::optional<Service> service;
  try {
    logger = MakeStandardErrorLogger(options.log_format, options.log_level);
    if (!filtered) logger->Warn(filtered.error().message);
    service.emplace(
        options, *config,
        ServiceParts{std::move(*sockets), std::move(web), std::move(manager),
                     *std::move(look_up_user), *std::move(socket_helper),
                     needs.stops_targets || !filtered ||
                         options.unneeded_calls == UnneededCalls::kAllow},
        *logger);
  } catch (const std::runtime_error& failure) {
    if (logger != nullptr) logger->Flush(Logger::kPatienceAtTheEnd);
    err << failure.what() << '\n';
    return kExitBind;
  }
  const bool ended = service->Run();
  const bool written = logger->Flush(Logger::kPatienceAtTheEnd);
  if (!ended || !written) std::_Exit(kExitDone);
  return kExitDone;
}

}  // namespace leak_exporter
