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
#include "metrics/targets/user_lookup.h"

namespace re2 {
class RE2;
}

namespace leak_exporter {

/// A target's match rules, ready to be asked about processes. Remembers nothing
/// of the processes. Immutable; thread-safe.
class Matcher {
 public:
  /// Compiles the patterns and looks up the users. An error names what is wrong
  /// with the rules: a pattern that RE2 does not take, or an unknown user.
  static Result<Matcher> Compile(const config::MatchConfig& rules,
                                 const UserLookup& look_up_user = LookUpUser);

  Matcher(Matcher&&) noexcept;
  Matcher& operator=(Matcher&&) noexcept;
  ~Matcher();

  /// Whether the rules name processes by number, so that no other process need
  /// be looked at.
  bool names_pids() const;
  /// The processes that the rules name by number, sorted, each once. Reads the
  /// pid files. Where there are both numbers and pid files, a process must be
  /// named by both. A pid file that does not exist names no process. One that
  /// holds anything but a number is an error. The numbers are of the exporter's
  /// own pid namespace.
  std::vector<pid_t> NamedPids(ErrorTally& errors) const;

  /// Whether the condition on the comm holds. It does where there is none.
  bool MatchesComm(std::string_view comm) const;

  /// Whether there are conditions besides those on number and comm.
  bool reads_process() const;

  enum class Answer { kNo, kYes, kLater };
  /// Whether the other conditions hold. Reads what they need, the cheapest
  /// first. What cannot be read is an error and does not match. Answers kLater
  /// for a process in state D whose arguments are needed: reading them could
  /// wait for as long as the process does.
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
