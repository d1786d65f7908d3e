#include "exporter/system/syscall_filter.h"

#include <seccomp.h>
#include <sys/eventfd.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <bitset>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "exporter/system/allowed_syscalls.h"

namespace leak_exporter {
namespace {

/// Makes the system call that was trapped fail. Returns false where this
/// architecture is not known.
#if defined(__x86_64__)
constexpr bool kTraps = true;
void FailWith(ucontext_t& context, int code) {
  context.uc_mcontext.gregs[REG_RAX] = -code;
}
#elif defined(__aarch64__)
constexpr bool kTraps = true;
void FailWith(ucontext_t& context, int code) {
  context.uc_mcontext.regs[0] = static_cast<uint64_t>(-int64_t{code});
}
#else
constexpr bool kTraps = false;
void FailWith(ucontext_t&, int) {}
#endif

constexpr size_t kMostNumbers = 1024;

// SYS_SECCOMP (sigaction(2)), for which the C library has no name.
constexpr int kBySeccomp = 1;

/// What the signal handler writes to. There is one handler in a process.
struct Refusals {
  std::atomic<uint64_t> count = 0;
  std::array<std::atomic<bool>, kMostNumbers> numbers{};
  std::atomic<int> fd = -1;
};
Refusals refusals;

void OnRefusedCall(int, siginfo_t* info, void* context) {
  const int saved = errno;
  if (info->si_code == kBySeccomp) {
    ++refusals.count;
    const auto number = static_cast<size_t>(info->si_syscall);
    if (number < kMostNumbers) refusals.numbers[number] = true;
    constexpr uint64_t kOne = 1;
    static_cast<void>(!::write(refusals.fd, &kOne, sizeof kOne));
    FailWith(*static_cast<ucontext_t*>(context), EPERM);
  }
  errno = saved;
}

Result<void> CatchRefusedCalls() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return Failure(errno, std::strerror(errno));
  refusals.fd = fd;
  struct sigaction action {};
  action.sa_sigaction = OnRefusedCall;
  action.sa_flags = SA_SIGINFO;
  if (::sigaction(SIGSYS, &action, nullptr) != 0) {
    return Failure(errno, std::strerror(errno));
  }
  return {};
}

struct Release {
  void operator()(void* context) const { ::seccomp_release(context); }
};
using Context = std::unique_ptr<void, Release>;

/// A call that this architecture does not have is no error.
int Allow(const Context& context, const AllowedSyscall& call) {
  const int number = ::seccomp_syscall_resolve_name(call.name);
  if (number < 0) return 0;
  return ::seccomp_rule_add_array(context.get(), SCMP_ACT_ALLOW, number,
                                  static_cast<unsigned>(call.conditions.size()),
                                  call.conditions.data());
}

int Load(const Context& context, const SyscallNeeds& needs) {
  // The filter is for threads that run already, too.
  int code = ::seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  if (code != 0) return code;
  // Half a dozen comparisons for each call, in place of a hundred. Older
  // libraries do not have it.
  static_cast<void>(
      ::seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2));
  for (const AllowedSyscall& call : AllowedSyscalls(needs)) {
    code = Allow(context, call);
    if (code != 0) return code;
  }
  // Its flags are where a filter cannot look. The C library then uses clone.
  code = ::seccomp_rule_add(context.get(), SCMP_ACT_ERRNO(ENOSYS),
                            SCMP_SYS(clone3), 0);
  return code != 0 ? code : ::seccomp_load(context.get());
}

}  // namespace

Result<void> InstallSyscallFilter(UnneededCalls unneeded,
                                  const SyscallNeeds& needs) {
  if (unneeded == UnneededCalls::kAllow) return {};
  uint32_t action = SCMP_ACT_KILL_PROCESS;
  if (unneeded == UnneededCalls::kRefuse) {
    action = kTraps ? SCMP_ACT_TRAP : SCMP_ACT_ERRNO(EPERM);
    if (kTraps) {
      const auto caught = CatchRefusedCalls();
      if (!caught) return caught;
    }
  }
  const Context context(::seccomp_init(action));
  const int code = context == nullptr ? -EINVAL : Load(context, needs);
  if (code == 0) return {};
  return Failure(-code, std::string("cannot filter system calls: ") +
                            std::strerror(-code));
}

std::optional<uint64_t> refused_calls::Count() {
  if (refusals.fd < 0) return std::nullopt;
  return refusals.count;
}

int refused_calls::fd() { return refusals.fd; }

std::vector<std::string> refused_calls::TakeNew() {
  uint64_t count = 0;
  static_cast<void>(!::read(refusals.fd, &count, sizeof count));
  static std::bitset<kMostNumbers> told;
  std::vector<std::string> names;
  for (size_t number = 0; number < kMostNumbers; ++number) {
    if (!refusals.numbers[number] || told[number]) continue;
    told[number] = true;
    char* const name = ::seccomp_syscall_resolve_num_arch(
        SCMP_ARCH_NATIVE, static_cast<int>(number));
    names.push_back(name != nullptr ? name : "call " + std::to_string(number));
    std::free(name);
  }
  return names;
}

}  // namespace leak_exporter
