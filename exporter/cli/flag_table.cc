#include "exporter/cli/flag_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include "exporter/cli/choice.h"
#include "metrics/base/quote.h"

namespace leak_exporter {
namespace {

// The kernel's PID_MAX_LIMIT (include/linux/threads.h).
constexpr pid_t kLargestPid = 4 * 1024 * 1024;
// Each address has half of them, and half of those are answered at one time.
constexpr size_t kFewestConnections = 4;
// Each takes a thread.
constexpr size_t kMostConnections = 4096;

constexpr std::array<Choice<BlockFormat>, 2> kBlockFormats = {
    {{"text", BlockFormat::kText}, {"json", BlockFormat::kJson}}};
constexpr std::array<Choice<UnneededCalls>, 3> kUnneededCalls = {
    {{"refuse", UnneededCalls::kRefuse},
     {"kill", UnneededCalls::kKill},
     {"allow", UnneededCalls::kAllow}}};
constexpr std::array<Choice<LogLevel>, 4> kLogLevels = {
    {{"debug", LogLevel::kDebug},
     {"info", LogLevel::kInfo},
     {"warn", LogLevel::kWarn},
     {"error", LogLevel::kError}}};
constexpr std::array<Choice<LogFormat>, 2> kLogFormats = {
    {{"logfmt", LogFormat::kLogfmt}, {"json", LogFormat::kJson}}};

template <auto kMember, const auto& kChoices>
Checked SetChoice(const std::string& value, Options& options) {
  return Choose(kChoices, value)
      .map([&](auto chosen) { options.*kMember = chosen; })
      .map_error([](const std::string& e) { return "unknown value " + e; });
}

Checked SetConfigFile(const std::string& value, Options& options) {
  options.config_file = value;
  return {};
}

Checked AddPid(const std::string& value, Options& options) {
  pid_t pid = 0;
  const char* const end = value.data() + value.size();
  const auto [parsed, error] = std::from_chars(value.data(), end, pid);
  if (error != std::errc() || parsed != end || pid < 1 || pid > kLargestPid) {
    return Wrong(Quote(value) +
                 " is not a process id; expected a whole number from 1 to " +
                 std::to_string(kLargestPid));
  }
  auto& pids = options.pids;
  if (std::find(pids.begin(), pids.end(), pid) != pids.end()) {
    return Wrong(value + " is given twice");
  }
  pids.push_back(pid);
  return {};
}

Checked AddListenAddress(const std::string& value, Options& options) {
  auto address = ParseListenAddress(value);
  if (!address) return Wrong(address.error());
  // The kernel chooses another port for each 0.
  const bool fixed = !address->unix_path.empty() || address->port != 0;
  auto& known = options.listen_addresses;
  if (fixed && std::find(known.begin(), known.end(), *address) != known.end()) {
    return Wrong(Quote(value) + " is given twice");
  }
  known.push_back(std::move(*address));
  return {};
}

Checked SetSystemdSocket(const std::string&, Options& options) {
  options.systemd_socket = true;
  return {};
}

bool IsPathCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
         (c >= 'a' && c <= 'z') ||
         std::string_view("/_.-~").find(c) != std::string_view::npos;
}

Checked SetTelemetryPath(const std::string& value, Options& options) {
  const bool taken = value == "/" || value.starts_with("/-/") ||
                     value == "/debug" || value.starts_with("/debug/");
  if (taken || value[0] != '/' ||
      !std::all_of(value.begin(), value.end(), IsPathCharacter)) {
    return Wrong(Quote(value) +
                 (taken ? " is served already" : " is not a path") +
                 "; expected one such as /metrics");
  }
  options.telemetry_path = value;
  return {};
}

Checked SetMaxConnections(const std::string& value, Options& options) {
  size_t number = 0;
  const char* const end = value.data() + value.size();
  const auto [parsed, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc() || parsed != end || number < kFewestConnections ||
      number > kMostConnections) {
    return Wrong(Quote(value) + " is not a number of connections; expected a " +
                 "whole number from " + std::to_string(kFewestConnections) +
                 " to " + std::to_string(kMostConnections));
  }
  options.max_connections = number;
  return {};
}

Checked SetLifecycle(const std::string& value, Options& options) {
  options.enable_lifecycle = value.empty();
  return {};
}

Checked SetDebug(const std::string& value, Options& options) {
  options.enable_debug = value.empty();
  return {};
}

Checked SetWebConfigFile(const std::string& value, Options& options) {
  options.web_config_file = value;
  return {};
}

constexpr auto kServe = Options::Command::kServe;
constexpr auto kProfile = Options::Command::kProfile;
constexpr auto kCheckConfig = Options::Command::kCheckConfig;

}  // namespace

bool FlagSpec::IsFor(Options::Command command) const {
  return std::find(commands.begin(), commands.end(), command) != commands.end();
}

const std::vector<FlagSpec>& Flags() {
  static const std::vector<FlagSpec> kFlags = {
      {.name = "--config.file",
       .value = "FILE",
       .help = "Read targets, collectors and debugging intervals from FILE.",
       .commands = {kServe, kProfile},
       .set = SetConfigFile},
      {.name = "--pid",
       .value = "N",
       .help = "Watch process N as target \"pid-N\". Repeatable. Besides "
               "--config.file, the pids take the place of the file's targets.",
       .commands = {kServe, kProfile},
       .repeatable = true,
       .set = AddPid},
      {.name = "--web.listen-address",
       .value = "ADDRESS",
       .help = "Listen there: host:port, [::1]:port, :port (every address) or "
               "unix:/path. Repeatable. (the sockets that systemd hands over; "
               "where there are none, 127.0.0.1:10042)",
       .commands = {kServe},
       .repeatable = true,
       .set = AddListenAddress},
      {.name = "--web.systemd-socket",
       .help =
           "Listen on the sockets that systemd hands over; fail where there "
           "are none.",
       .commands = {kServe},
       .set = SetSystemdSocket},
      {.name = "--web.telemetry-path",
       .value = "PATH",
       .help = "Serve the metrics under PATH. (/metrics)",
       .commands = {kServe},
       .set = SetTelemetryPath},
      {.name = "--web.max-connections",
       .value = "N",
       .help = "Keep at most N connections, and half of them from one address. "
               "A new one is always accepted; the one that has longest made no "
               "progress is closed for it. (64)",
       .commands = {kServe},
       .set = SetMaxConnections},
      {.name = "--web.enable-lifecycle",
       .help = "Let everybody reload the configuration by POST /-/reload; "
               "=false: nobody. (root and the exporter's user, from this "
               "machine)",
       .commands = {kServe},
       .takes_off = true,
       .set = SetLifecycle},
      {.name = "--web.enable-debug",
       .help = "Serve the debug blocks; =false: do not. (on)",
       .commands = {kServe},
       .takes_off = true,
       .set = SetDebug},
      {.name = "--web.config.file",
       .value = "FILE",
       .help = "Read TLS, users with their passwords, response headers and a "
               "rate limit from FILE, in the format of Prometheus's exporters.",
       .commands = {kServe, kCheckConfig},
       .set = SetWebConfigFile},
      {.name = "--format",
       .value = "FORMAT",
       .help = "Print blocks as text or json. (text)",
       .commands = {kProfile},
       .set = SetChoice<&Options::block_format, kBlockFormats>},
      {.name = "--security.unneeded-calls",
       .value = "ACTION",
       .help = "What becomes of a system call that the program has no need of: "
               "refuse it (it fails, is counted and logged), kill the program, "
               "or allow it, without a filter. (refuse)",
       .commands = {kServe, kProfile},
       .set = SetChoice<&Options::unneeded_calls, kUnneededCalls>},
      {.name = "--log.level",
       .value = "LEVEL",
       .help = "Log from this level on: debug, info, warn or error. (info)",
       .commands = {kServe, kProfile, kCheckConfig},
       .set = SetChoice<&Options::log_level, kLogLevels>},
      {.name = "--log.format",
       .value = "FORMAT",
       .help = "Log to standard error as logfmt or json. (logfmt)",
       .commands = {kServe, kProfile, kCheckConfig},
       .set = SetChoice<&Options::log_format, kLogFormats>},
      {.name = "--version",
       .help = "Print the version and end.",
       .commands = {kServe, kProfile, kCheckConfig}},
      {.name = "--help",
       .short_name = "-h",
       .help = "Print this help and end; after a command, the help for it.",
       .commands = {kServe, kProfile, kCheckConfig}},
  };
  return kFlags;
}

}  // namespace leak_exporter
