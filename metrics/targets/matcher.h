#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "metrics/base/error_tally.h"
#include "metrics/base/result.h"
#include "metrics/procfs/process_handle.h"
#include "metrics/procfs/stat.h"

namespace re2 {
class RE2;
}

namespace leak_exporter {

/// A target's match rules, ready to be asked about processes. Remembers nothing
/// of them. Immutable; thread-safe.
class Matcher {
 public:
  /// Compiles the patterns and looks the users up. An error names what is wrong
  /// with the rules: a pattern that RE2 does not take, an unknown user.
  static Result<Matcher> Compile(const config::MatchConfig& rules);

  Matcher(Matcher&&) noexcept;
  Matcher& operator=(Matcher&&) noexcept;
  ~Matcher();

  /// Whether the rules name processes by number, so that no other need be
  /// looked at.
  bool names_pids() const;
  /// Those numbers, with those that the pid files hold now, each once. A pid
  /// file that is not there names none; one that holds anything but a number is
  /// a counted error. The numbers are of the exporter's own pid namespace.
  std::vector<pid_t> NamedPids(ErrorTally& errors) const;

  bool MatchesComm(std::string_view comm) const;

  /// Whether there are conditions on more than number and comm.
  bool reads_process() const;

  enum class Answer { kNo, kYes, kLater };
  /// Reads what those conditions need, cheapest first. What may not be read is
  /// a counted error and does not match. kLater for a process in state D whose
  /// arguments would be needed: reading them could wait as long as it does.
  Answer MatchesProcess(const procfs::ProcessHandle& process, char state,
                        std::string& buffer, ErrorTally& errors) const;

 private:
  Matcher();

  Result<bool> MatchesUser(const procfs::ProcessHandle& process,
                           std::string& buffer) const;
  Result<bool> MatchesCgroup(const procfs::ProcessHandle& process,
                             std::string& buffer) const;
  Result<bool> MatchesExe(const procfs::ProcessHandle& process) const;
  Result<bool> MatchesCmdline(const procfs::ProcessHandle& process,
                              std::string& buffer) const;

  config::MatchConfig rules_;
  std::vector<uid_t> uids_;
  std::vector<std::unique_ptr<re2::RE2>> patterns_;
};

}  // namespace leak_exporter
