#include "exporter/cli/help_text.h"

#include "exporter/cli/version.h"

namespace leak_exporter {

std::string HelpText() {
  return R"(leak_exporter: says from outside what running applications leak, for Prometheus

Usage:
  leak_exporter [serve] --config.file=FILE | --pid=N [--pid=N ...] [flags]
  leak_exporter profile --config.file=FILE | --pid=N [memory] [pid] [disk] [mapping]
  leak_exporter check-config FILE

Commands:
  serve                   Serve metrics over HTTP until SIGTERM or SIGINT (the default).
  profile                 Print the named debug blocks once and end; all without a name.
  check-config            Check FILE: print every error in it, as file:line:column.

Targets:
  --config.file=FILE      Read targets, collectors and debugging intervals from FILE.
  --pid=N                 Watch process N as target "pid-N". Repeatable. Besides
                          --config.file, the pids take the place of the file's targets.

Serving:
  --web.listen-address=ADDRESS
                          Listen there: host:port, [::1]:port, :port (every address) or
                          unix:/path. Repeatable. (the sockets that systemd hands over;
                          where there are none, 127.0.0.1:10042)
  --web.systemd-socket    Listen on the sockets that systemd hands over; fail where
                          there are none.
  --web.telemetry-path=PATH
                          Serve the metrics under PATH. (/metrics)

Profiling:
  --format=FORMAT         Print blocks as text or json. (text)

General:
  --log.level=LEVEL       Log from this level on: debug, info, warn or error. (info)
  --log.format=FORMAT     Log to standard error as logfmt or json. (logfmt)
  --version               Print the version and end.
  -h, --help              Print this text and end.

Exit codes:
  0  done
  1  the configuration is wrong
  2  the command line is wrong
  3  a target given by --pid does not exist or may not be read
  4  an address cannot be bound

Examples:
  leak_exporter --pid=4306
  leak_exporter --config.file=/etc/leak_exporter.yml --web.listen-address=:10042
  leak_exporter profile --pid=4306 pid disk
  leak_exporter profile --config.file=/etc/leak_exporter.yml --format=json
  leak_exporter check-config /etc/leak_exporter.yml
)";
}

std::string VersionText() {
  const BuildInfo& build = ThisBuild();
  return "leak_exporter " + build.version + " (revision " + build.revision +
         ", " + build.compiler + ")\n";
}

}  // namespace leak_exporter
