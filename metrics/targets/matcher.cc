#include "metrics/targets/matcher.h"

#include <fnmatch.h>
#include <re2/re2.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "metrics/procfs/cgroup.h"
#include "metrics/targets/pid_file.h"

namespace leak_exporter {
namespace {

Result<std::unique_ptr<RE2>> CompilePattern(const std::string& pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_unique<RE2>(pattern, options);
  if (!compiled->ok()) {
    return Failure(0, "cmdline '" + pattern + "': " + compiled->error());
  }
  return compiled;
}

bool MatchesAny(const std::vector<std::string>& globs,
                const std::string& text) {
  return std::any_of(globs.begin(), globs.end(), [&](const auto& glob) {
    return ::fnmatch(glob.c_str(), text.c_str(), 0) == 0;
  });
}

}  // namespace

Matcher::Matcher() = default;
Matcher::Matcher(Matcher&&) noexcept = default;
Matcher& Matcher::operator=(Matcher&&) noexcept = default;
Matcher::~Matcher() = default;

Result<Matcher> Matcher::Compile(const config::MatchConfig& rules,
                                 const UserLookup& look_up_user) {
  Matcher matcher;
  matcher.rules_ = rules;
  for (const std::string& user : rules.users) {
    const auto uid = look_up_user(user);
    if (!uid) return tl::unexpected<Error>(uid.error());
    matcher.uids_.push_back(*uid);
  }
  for (const std::string& cmdline : rules.cmdlines) {
    auto pattern = CompilePattern(cmdline);
    if (!pattern) return tl::unexpected<Error>(pattern.error());
    matcher.patterns_.push_back(*std::move(pattern));
  }
  return matcher;
}

bool Matcher::names_pids() const {
  return !rules_.pids.empty() || !rules_.pid_files.empty();
}

std::vector<pid_t> Matcher::NamedPids(ErrorTally& errors) const {
  std::vector<pid_t> in_files;
  for (const std::string& path : rules_.pid_files) {
    const auto pid = ReadPidFile(path);
    if (pid) {
      in_files.push_back(*pid);
    } else {
      errors.Add(pid.error());
    }
  }
  const auto sort = [](std::vector<pid_t>& pids) {
    std::sort(pids.begin(), pids.end());
    pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  };
  sort(in_files);
  if (rules_.pids.empty()) return in_files;
  std::vector<pid_t> pids = rules_.pids;
  sort(pids);
  if (rules_.pid_files.empty()) return pids;
  // Two conditions: both must hold.
  std::vector<pid_t> both;
  std::set_intersection(pids.begin(), pids.end(), in_files.begin(),
                        in_files.end(), std::back_inserter(both));
  return both;
}

bool Matcher::reads_process() const {
  return !rules_.exes.empty() || !rules_.cmdlines.empty() ||
         !rules_.users.empty() || !rules_.systemd_units.empty() ||
         !rules_.containers.empty();
}

Matcher::Judgement Matcher::MatchesProcess(
    ProcessFacts& facts, const SearchArguments& search) const {
  for (const auto condition :
       {&Matcher::MatchesUser, &Matcher::MatchesCgroup, &Matcher::MatchesExe}) {
    const Result<bool> holds = (this->*condition)(facts);
    if (!holds) return {Answer::kNo, holds.error()};
    if (!*holds) return {Answer::kNo};
  }
  if (patterns_.empty()) return {Answer::kYes};
  if (facts.state() == 'D') return {Answer::kLater};
  const auto& arguments = facts.Arguments();
  if (!arguments) return {Answer::kNo, arguments.error()};
  const bool found = search ? search(*arguments) : MatchesArguments(*arguments);
  return {found ? Answer::kYes : Answer::kNo};
}

bool Matcher::MatchesArguments(const std::string& arguments) const {
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [&](const auto& pattern) {
                       return RE2::PartialMatch(arguments, *pattern);
                     });
}

Result<bool> Matcher::MatchesUser(ProcessFacts& facts) const {
  if (uids_.empty()) return true;
  return facts.EffectiveUid().map([this](uid_t uid) {
    return std::find(uids_.begin(), uids_.end(), uid) != uids_.end();
  });
}

Result<bool> Matcher::MatchesCgroup(ProcessFacts& facts) const {
  if (rules_.systemd_units.empty() && rules_.containers.empty()) return true;
  const auto& paths = facts.CgroupPaths();
  if (!paths) return tl::unexpected<Error>(paths.error());
  bool in_unit = rules_.systemd_units.empty();
  bool in_container = rules_.containers.empty();
  for (const std::string& path : *paths) {
    for (const std::string& unit : rules_.systemd_units) {
      in_unit = in_unit || procfs::InSystemdUnit(path, unit);
    }
    for (const std::string_view id : procfs::ContainerIds(path)) {
      in_container =
          in_container || MatchesAny(rules_.containers, std::string(id));
    }
  }
  return in_unit && in_container;
}

Result<bool> Matcher::MatchesExe(ProcessFacts& facts) const {
  if (rules_.exes.empty()) return true;
  return facts.Exe().map([this](const std::string& path) {
    return MatchesAny(rules_.exes, path);
  });
}

}  // namespace leak_exporter
