#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fake_clock.h"

namespace leak_exporter {

/// What becomes of one system call, or of all from one on.
struct CallFault {
  std::string_view name;
  /// The call fails with this errno. EMFILE befalls only calls that open.
  int code = 0;
  /// So do all further calls.
  bool for_good = false;
  /// A call that reads gives one byte.
  bool cut = false;
  /// The process that the call asks about is gone from then on: what looks up
  /// its files finds none, and what reads from them fails.
  bool death = false;
  /// The call takes so long.
  std::chrono::nanoseconds duration{};
};

/// While an object lives, the system calls of this program that look into some
/// directories are counted, and the one of a number has a fault. The linker
/// wraps the calls; see leak_add_fault_test in CMakeLists.txt. One object lives
/// at a time. Not thread-safe.
class FaultInjection {
 public:
  static constexpr size_t kNowhere = SIZE_MAX;

  /// The first of `roots` is a proc filesystem. A fault that takes time moves
  /// the clock.
  FaultInjection(std::vector<std::string> roots, FakeClock& clock,
                 const CallFault& fault = {}, size_t at = kNowhere);
  FaultInjection(const FaultInjection&) = delete;
  FaultInjection& operator=(const FaultInjection&) = delete;
  ~FaultInjection();

  /// How many calls there were.
  size_t calls() const { return calls_; }
  /// The call that had the fault first: "openat 100/status". Empty where none
  /// had, as no call of that number could have it.
  const std::string& place() const { return place_; }
  /// The process that this call asked about; 0 where it asked about none.
  pid_t victim() const { return victim_; }

  enum class Does { kOpen, kLookUp, kRead, kList };
  struct Verdict {
    /// 0 where the call is made.
    int code = 0;
    /// The call may read one byte.
    bool cut = false;
  };
  /// What a wrapped call of this object's program has to do. `path` is what it
  /// is about.
  static Verdict Judge(const char* call, Does does, const std::string& path);

 private:
  Verdict JudgeHere(const char* call, Does does, const std::string& path);
  bool IsBelowRoots(const std::string& path) const;
  pid_t ProcessOf(const std::string& path) const;
  bool CanHaveFault(Does does, pid_t pid) const;
  int CodeFor(Does does) const;

  const std::vector<std::string> roots_;
  FakeClock& clock_;
  const CallFault fault_;
  const size_t at_;
  size_t calls_ = 0;
  std::string place_;
  pid_t victim_ = 0;
};

}  // namespace leak_exporter
