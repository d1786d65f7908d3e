#include "exporter/cli/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "config/nearest.h"
#include "exporter/cli/exit_code.h"
#include "exporter/cli/help_text.h"
#include "exporter/cli/raw_options.h"
#include "metrics/base/quote.h"

namespace leak_exporter {
namespace {

using render::DebugBlock;

constexpr const char* kDefaultListenAddress = "127.0.0.1:10042";
// The kernel's PID_MAX_LIMIT (include/linux/threads.h).
constexpr pid_t kLargestPid = 4 * 1024 * 1024;

template <typename T>
struct Named {
  std::string_view name;
  T value;
};
constexpr std::array<Named<DebugBlock>, 4> kDebugBlockNames = {
    {{"memory", DebugBlock::kMemory},
     {"pid", DebugBlock::kPid},
     {"disk", DebugBlock::kDisk},
     {"mapping", DebugBlock::kMapping}}};
constexpr std::array<Named<ProfileFormat>, 2> kProfileFormats = {
    {{"text", ProfileFormat::kText}, {"json", ProfileFormat::kJson}}};
constexpr std::array<Named<LogLevel>, 4> kLogLevels = {
    {{"debug", LogLevel::kDebug},
     {"info", LogLevel::kInfo},
     {"warn", LogLevel::kWarn},
     {"error", LogLevel::kError}}};
constexpr std::array<Named<LogFormat>, 2> kLogFormats = {
    {{"logfmt", LogFormat::kLogfmt}, {"json", LogFormat::kJson}}};

tl::unexpected<Ending> Usage(const std::string& message) {
  return tl::unexpected(
      Ending{"leak_exporter: " + message + "\nTry 'leak_exporter --help'.\n",
             kExitCommandLine});
}

std::string Unexpected(const RawOptions& raw) {
  const std::string& word = raw.rest[0];
  const bool flag = word.starts_with('-');
  const std::string_view name =
      std::string_view(word).substr(0, flag ? word.find('=') : word.npos);
  return (flag ? "unknown flag " : "unknown command or argument ") +
         Quote(name) +
         config::DidYouMean(name, flag ? raw.known_flags : raw.known_commands);
}

using Checked = tl::expected<void, std::string>;

Checked Wrong(std::string message) {
  return tl::unexpected(std::move(message));
}

// At most one value, which is not empty; `value` stays where there is none.
Checked Single(std::string_view flag, const std::vector<std::string>& values,
               std::string& value) {
  if (values.empty()) return {};
  if (values.size() > 1) return Wrong(std::string(flag) + ": given twice");
  if (values[0].empty()) return Wrong(std::string(flag) + ": has no value");
  value = values[0];
  return {};
}

template <typename T, size_t N>
std::string Alternatives(const std::array<Named<T>, N>& known) {
  std::string text;
  for (size_t i = 0; i < N; ++i) {
    if (i > 0) text += i + 1 < N ? ", " : " or ";
    text += known[i].name;
  }
  return text;
}

template <typename T, size_t N>
std::optional<T> Find(const std::array<Named<T>, N>& known,
                      std::string_view name) {
  const auto found =
      std::find_if(known.begin(), known.end(),
                   [&](const Named<T>& entry) { return entry.name == name; });
  if (found == known.end()) return std::nullopt;
  return found->value;
}

template <typename T, size_t N>
Checked Choice(std::string_view flag, const std::vector<std::string>& values,
               const std::array<Named<T>, N>& known, T& choice) {
  std::string name;
  if (const auto single = Single(flag, values, name); !single) return single;
  if (name.empty()) return {};
  const auto found = Find(known, name);
  if (!found) {
    return Wrong(std::string(flag) + ": unknown value " + Quote(name) +
                 "; expected " + Alternatives(known));
  }
  choice = *found;
  return {};
}

Checked Pids(const RawOptions& raw, Options& options) {
  for (const std::string& text : raw.pids) {
    pid_t pid = 0;
    const char* const end = text.data() + text.size();
    const auto [parsed, error] = std::from_chars(text.data(), end, pid);
    if (error != std::errc() || parsed != end || pid < 1 || pid > kLargestPid) {
      return Wrong("--pid: " + Quote(text) +
                   " is not a process id; expected a whole number from 1 to " +
                   std::to_string(kLargestPid));
    }
    if (std::count(options.pids.begin(), options.pids.end(), pid) > 0) {
      return Wrong("--pid: " + text + " is given twice");
    }
    options.pids.push_back(pid);
  }
  return {};
}

Checked ListenAddresses(const RawOptions& raw, Options& options) {
  std::vector<std::string> texts = raw.listen_addresses;
  options.default_listen_address = texts.empty();
  if (texts.empty()) texts = {kDefaultListenAddress};
  for (const std::string& text : texts) {
    auto address = ParseListenAddress(text);
    if (!address) return Wrong("--web.listen-address: " + address.error());
    // Port 0 is another port each time.
    const bool fixed = !address->unix_path.empty() || address->port != 0;
    const auto& known = options.listen_addresses;
    if (fixed &&
        std::find(known.begin(), known.end(), *address) != known.end()) {
      return Wrong("--web.listen-address: " + Quote(text) + " is given twice");
    }
    options.listen_addresses.push_back(std::move(*address));
  }
  return {};
}

bool IsPathCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
         (c >= 'a' && c <= 'z') ||
         std::string_view("/_.-~").find(c) != std::string_view::npos;
}

Checked TelemetryPath(const RawOptions& raw, Options& options) {
  constexpr std::string_view kFlag = "--web.telemetry-path";
  std::string& path = options.telemetry_path;
  if (const auto single = Single(kFlag, raw.telemetry_path, path); !single) {
    return single;
  }
  const bool taken = path == "/" || path.starts_with("/-/") ||
                     path == "/debug" || path.starts_with("/debug/");
  if (path[0] == '/' && !taken &&
      std::all_of(path.begin(), path.end(), IsPathCharacter)) {
    return {};
  }
  return Wrong(std::string(kFlag) + ": " + Quote(path) +
               (taken ? " is served already" : " is not a path") +
               "; expected one such as /metrics");
}

Checked Web(const RawOptions& raw, Options& options) {
  if (!raw.web_config_file.empty()) {
    return Wrong(
        "--web.config.file: TLS and authentication are not supported in this "
        "version; leave it out, or put a reverse proxy in front");
  }
  options.systemd_socket = raw.systemd_socket;
  if (raw.systemd_socket && !raw.listen_addresses.empty()) {
    return Wrong(
        "--web.systemd-socket and --web.listen-address exclude each other");
  }
  if (const auto checked = ListenAddresses(raw, options); !checked) {
    return checked;
  }
  return TelemetryPath(raw, options);
}

Checked Profiles(const RawOptions& raw, Options& options) {
  std::set<DebugBlock> asked;
  for (const std::string& name : raw.profiles) {
    const auto profile = Find(kDebugBlockNames, name);
    if (!profile) {
      return Wrong("profile: unknown block " + Quote(name) + "; expected " +
                   Alternatives(kDebugBlockNames));
    }
    asked.insert(*profile);
  }
  for (const DebugBlock profile : render::kDebugBlocks) {
    if (asked.empty() || asked.contains(profile)) {
      options.profiles.push_back(profile);
    }
  }
  return Choice("--format", raw.profile_format, kProfileFormats,
                options.profile_format);
}

// A flag that only another command uses is a mistake, not something to ignore.
Checked Misplaced(const RawOptions& raw) {
  const bool serve = raw.command == "serve";
  const bool profile = raw.command == "profile";
  const bool check = raw.command == "check-config";
  const std::array<std::pair<const char*, bool>, 7> flags = {
      {{"--config.file", check && !raw.config_file.empty()},
       {"--pid", check && !raw.pids.empty()},
       {"--format", !profile && !raw.profile_format.empty()},
       {"--web.listen-address", !serve && !raw.listen_addresses.empty()},
       {"--web.systemd-socket", !serve && raw.systemd_socket},
       {"--web.telemetry-path", !serve && !raw.telemetry_path.empty()},
       {"--web.config.file", !serve && !raw.web_config_file.empty()}}};
  for (const auto& [flag, misplaced] : flags) {
    if (misplaced) {
      return Wrong(std::string(flag) + ": has no meaning for " + raw.command);
    }
  }
  return {};
}

Checked Targets(const RawOptions& raw, Options& options) {
  if (options.command == Options::Command::kCheckConfig) {
    if (raw.check_config_file.empty()) {
      return Wrong("check-config: expected a FILE");
    }
    return Single("check-config", raw.check_config_file, options.config_file);
  }
  const auto single =
      Single("--config.file", raw.config_file, options.config_file);
  if (!single) return single;
  if (const auto checked = Pids(raw, options); !checked) return checked;
  if (options.config_file.empty() && options.pids.empty()) {
    return Wrong("nothing to watch; give --config.file=FILE or --pid=N");
  }
  return {};
}

Checked Check(const RawOptions& raw, Options& options) {
  if (!raw.rest.empty()) return Wrong(Unexpected(raw));
  if (raw.command == "profile") options.command = Options::Command::kProfile;
  if (raw.command == "check-config") {
    options.command = Options::Command::kCheckConfig;
  }
  return Misplaced(raw)
      .and_then([&] { return Web(raw, options); })
      .and_then([&] { return Profiles(raw, options); })
      .and_then([&] {
        return Choice("--log.level", raw.log_level, kLogLevels,
                      options.log_level);
      })
      .and_then([&] {
        return Choice("--log.format", raw.log_format, kLogFormats,
                      options.log_format);
      })
      .and_then([&] { return Targets(raw, options); });
}

}  // namespace

tl::expected<Options, Ending> ParseOptions(int argc, const char* const* argv) {
  const auto raw = SplitCommandLine(argc, argv);
  if (!raw) return Usage(raw.error());
  if (raw->help) return tl::unexpected(Ending{HelpText(), kExitDone});
  if (raw->version) return tl::unexpected(Ending{VersionText(), kExitDone});
  Options options;
  if (const auto checked = Check(*raw, options); !checked) {
    return Usage(checked.error());
  }
  return options;
}

}  // namespace leak_exporter
