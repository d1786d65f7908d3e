#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/metrics/collectors/faulty_machine.h"

/// The search for a target's processes and all collectors, while one system
/// call after another fails.
namespace leak_exporter {
namespace {

using std::chrono::seconds;

/// Two rounds, at one call of which there is a fault.
struct Run {
  std::vector<MeasuredRound> rounds;
  size_t calls = 0;
  std::string place;
  pid_t victim = 0;
};

Run RunWith(const FaultyMachine& machine, const CallFault& fault = {},
            size_t at = FaultInjection::kNowhere) {
  FakeClock clock(seconds(1000));
  Run run;
  const FaultInjection injection(machine.roots(), clock, fault, at);
  Rounds rounds(machine, clock);
  for (int round = 0; round < 2; ++round) {
    run.rounds.push_back(rounds.Measure());
    clock.Advance(seconds(15));
  }
  run.calls = injection.calls();
  run.place = injection.place();
  run.victim = injection.victim();
  return run;
}

std::map<ErrorCause, uint64_t> CausesOf(const MeasuredRound& round) {
  std::map<ErrorCause, uint64_t> causes;
  for (const CollectorError& error : round.errors) {
    causes[error.cause] += error.count;
  }
  return causes;
}

/// The errors that the undisturbed round does not have.
std::vector<CollectorError> NewErrors(const MeasuredRound& round,
                                      const MeasuredRound& undisturbed) {
  const auto expected = CausesOf(undisturbed);
  std::vector<CollectorError> errors;
  for (const CollectorError& error : round.errors) {
    if (!expected.contains(error.cause)) errors.push_back(error);
  }
  return errors;
}

/// The values that are absent or others, as text.
std::string Differences(const MeasuredRound& round,
                        const MeasuredRound& undisturbed) {
  std::string text;
  for (const auto& [name, value] : undisturbed.values) {
    const auto found = round.values.find(name);
    if (found == round.values.end()) {
      text += "no " + name + "\n";
    } else if (found->second != value) {
      text += name + " " + found->second + ", not " + value + "\n";
    }
  }
  for (const auto& [name, value] : round.values) {
    if (!undisturbed.values.contains(name)) {
      text += name + " " + value + ", not absent\n";
    }
  }
  return text;
}

/// Calls `check` with what happens while one call after another has the fault,
/// and with what happens otherwise.
template <typename Check>
void AtEachCall(const CallFault& fault, const Check& check) {
  const FaultyMachine machine;
  const Run undisturbed = RunWith(machine);
  REQUIRE(undisturbed.calls > 100);
  for (size_t at = 0; at < undisturbed.calls; ++at) {
    const Run run = RunWith(machine, fault, at);
    // A fault that this call cannot have.
    if (run.place.empty()) continue;
    INFO(fault.name << " at " << at << ": " << run.place);
    check(run, undisturbed);
  }
}

/// The values that are 0 and otherwise not, as text.
std::string NewZeros(const MeasuredRound& round,
                     const MeasuredRound& undisturbed) {
  std::string text;
  for (const auto& [name, value] : round.values) {
    // Descriptors of one kind may all be gone, or of another kind for all that
    // can be known.
    if (value == "0" && !name.starts_with("fd/") &&
        undisturbed.values.at(name) != "0") {
      text += name + "\n";
    }
  }
  return text;
}

struct Failing {
  const char* name;
  int code;
  ErrorCause cause;
};

/// What differs from the undisturbed round is an error of this cause.
void CheckRound(const MeasuredRound& round, const MeasuredRound& undisturbed,
                ErrorCause cause) {
  const auto errors = NewErrors(round, undisturbed);
  const std::string differences = Differences(round, undisturbed);
  INFO(differences);
  if (!differences.empty()) CHECK_FALSE(errors.empty());
  for (const CollectorError& error : errors) {
    INFO(error.message);
    CHECK(NameOf(error.cause) == NameOf(cause));
  }
  CHECK(NewZeros(round, undisturbed) == "");
}

const std::vector<Failing> kFailing = {
    {"EACCES", EACCES, ErrorCause::kPermission},
    {"EPERM", EPERM, ErrorCause::kPermission},
    {"EIO", EIO, ErrorCause::kIo},
    {"ENOMEM", ENOMEM, ErrorCause::kLimit},
    {"EMFILE", EMFILE, ErrorCause::kLimit}};

TEST_CASE(
    "faults in a round: a failure is counted by its cause, and no value") {
  const Failing failing = GENERATE(from_range(kFailing));
  AtEachCall({.name = failing.name, .code = failing.code},
             [&](const Run& run, const Run& undisturbed) {
               for (size_t i = 0; i < run.rounds.size(); ++i) {
                 INFO("round " << i + 1);
                 CheckRound(run.rounds[i], undisturbed.rounds[i],
                            failing.cause);
               }
               // The next round knows nothing of it. But who may not be judged
               // is not judged in every round.
               const bool first =
                   !NewErrors(run.rounds[0], undisturbed.rounds[0]).empty();
               if (first && failing.cause != ErrorCause::kPermission) {
                 CHECK(Differences(run.rounds[1], undisturbed.rounds[1]) == "");
               }
             });
}

TEST_CASE("faults in a round: failures that last are no end of a process") {
  const Failing failing =
      GENERATE(Failing{"EACCES", EACCES, ErrorCause::kPermission},
               Failing{"EMFILE", EMFILE, ErrorCause::kLimit});
  AtEachCall({.name = failing.name, .code = failing.code, .for_good = true},
             [&](const Run& run, const Run& undisturbed) {
               for (size_t i = 0; i < run.rounds.size(); ++i) {
                 INFO("round " << i + 1);
                 CheckRound(run.rounds[i], undisturbed.rounds[i],
                            failing.cause);
               }
             });
}

TEST_CASE("faults in a round: short reads and interruptions change nothing") {
  const CallFault fault =
      GENERATE(CallFault{.name = "interruption", .code = EINTR},
               CallFault{.name = "short read", .cut = true});
  AtEachCall(fault, [](const Run& run, const Run& undisturbed) {
    for (size_t i = 0; i < run.rounds.size(); ++i) {
      INFO("round " << i + 1);
      CHECK(Differences(run.rounds[i], undisturbed.rounds[i]) == "");
      CHECK(NewErrors(run.rounds[i], undisturbed.rounds[i]).empty());
    }
  });
}

TEST_CASE("faults in a round: past the deadline is said, and forgotten") {
  AtEachCall({.name = "slow", .duration = seconds(11)},
             [](const Run& run, const Run& undisturbed) {
               for (size_t i = 0; i < run.rounds.size(); ++i) {
                 INFO("round " << i + 1);
                 CheckRound(run.rounds[i], undisturbed.rounds[i],
                            ErrorCause::kTimeout);
               }
               if (!NewErrors(run.rounds[0], undisturbed.rounds[0]).empty()) {
                 CHECK(Differences(run.rounds[1], undisturbed.rounds[1]) == "");
               }
             });
}

/// What the rounds may find while a process dies.
class Deaths {
 public:
  /// The process was there throughout, it was gone before, it went before it
  /// was measured, or its children went.
  const std::vector<MeasuredRound>& Of(pid_t victim) {
    std::vector<MeasuredRound>& worlds = worlds_[victim];
    if (!worlds.empty()) return worlds;
    worlds = {RoundWithout({}, {}), RoundWithout({victim}, {}),
              RoundWithout({}, {victim}),
              RoundWithout(FaultyMachine::DescendantsOf(victim), {})};
    return worlds;
  }

 private:
  using Pids = std::vector<pid_t>;

  static MeasuredRound RoundWithout(const Pids& before, const Pids& between) {
    const FaultyMachine machine;
    const FakeClock clock(seconds(1000));
    Rounds rounds(machine, clock);
    for (const pid_t pid : before) machine.Remove(pid);
    rounds.Discover();
    for (const pid_t pid : between) machine.Remove(pid);
    return rounds.Collect();
  }

  std::map<pid_t, std::vector<MeasuredRound>> worlds_;
};

TEST_CASE(
    "faults in a round: of a process that dies there is less or nothing") {
  Deaths deaths;
  AtEachCall({.name = "death", .death = true}, [&](const Run& run, const Run&) {
    INFO("of " << run.victim);
    const auto& worlds = deaths.Of(run.victim);
    std::string others;
    for (const auto& [name, value] : run.rounds[0].values) {
      const bool known =
          std::any_of(worlds.begin(), worlds.end(), [&](const auto& world) {
            const auto found = world.values.find(name);
            return found != world.values.end() && found->second == value;
          });
      if (!known) others += name + " " + value + "\n";
    }
    CHECK(others == "");
    CHECK(NewZeros(run.rounds[0], worlds[0]) == "");
    // It is dead in the second round, if it did not die there.
    const MeasuredRound& dead = worlds[1];
    if (run.rounds[0].values != worlds[0].values) {
      CHECK(Differences(run.rounds[1], dead) == "");
    }
  });
}

TEST_CASE("faults in a round: a process that dies is no error") {
  const CallFault fault = GENERATE(CallFault{.name = "death", .death = true},
                                   CallFault{.name = "ENOENT", .code = ENOENT},
                                   CallFault{.name = "ESRCH", .code = ESRCH});
  AtEachCall(fault, [](const Run& run, const Run& undisturbed) {
    for (size_t i = 0; i < run.rounds.size(); ++i) {
      INFO("round " << i + 1);
      const auto errors = NewErrors(run.rounds[i], undisturbed.rounds[i]);
      if (!errors.empty()) FAIL_CHECK(errors.front().message);
      CHECK(run.rounds[i].failed == undisturbed.rounds[i].failed);
    }
  });
}

}  // namespace
}  // namespace leak_exporter
