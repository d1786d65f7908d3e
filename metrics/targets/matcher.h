#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "metrics/base/error_tally.h"
#include "metrics/base/result.h"
#include "metrics/targets/process_facts.h"
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

  /// The comms of which a process must have one. Any will do if there are none.
  const std::vector<std::string>& comms() const { return rules_.comms; }
  /// Whether there are conditions besides those on number and comm.
  bool reads_process() const;

  enum class Answer { kNo, kYes, kLater };
  struct Judgement {
    Answer answer = Answer::kNo;
    /// What could not be read, so that the answer is kNo.
    std::optional<Error> error = std::nullopt;
  };
  /// Whether one of the command line's patterns is found in these arguments.
  using SearchArguments = std::function<bool(const std::string& arguments)>;
  /// Whether the other conditions hold. Asks for the facts that they need, the
  /// cheapest first. Answers kLater for a process in state D whose arguments
  /// are needed: reading them could wait for as long as the process does.
  /// `search` takes the place of MatchesArguments, for a caller that searches
  /// for the patterns of several matchers at once.
  Judgement MatchesProcess(ProcessFacts& facts,
                           const SearchArguments& search = {}) const;

  /// The patterns for the command line, as they were given.
  const std::vector<std::string>& cmdlines() const { return rules_.cmdlines; }
  bool MatchesArguments(const std::string& arguments) const;

 private:
  Matcher();

  Result<bool> MatchesUser(ProcessFacts& facts) const;
  Result<bool> MatchesCgroup(ProcessFacts& facts) const;
  Result<bool> MatchesExe(ProcessFacts& facts) const;

  config::MatchConfig rules_;
  std::vector<uid_t> uids_;
  std::vector<std::unique_ptr<re2::RE2>> patterns_;
};

}  // namespace leak_exporter
