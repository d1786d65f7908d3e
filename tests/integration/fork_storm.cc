/// Keeps as many children as asked for, which do nothing, and besides forks and
/// reaps as fast as it can. Prints its children's pids as JSON once they stand.
/// A line on standard input ends the storm: it reaps what is left, and answers
/// with the number of forks. The end of input ends it and its children.

#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

constexpr int kMostChildren = 10'000;
/// So many short-lived children may be alive or wait to be reaped.
constexpr int kMostAtOnce = 100;

pid_t ForkIdle() {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) ::pause();
}

bool HasInput() {
  fd_set input;
  FD_ZERO(&input);
  FD_SET(STDIN_FILENO, &input);
  timeval now{};
  return ::select(STDIN_FILENO + 1, &input, nullptr, nullptr, &now) > 0;
}

/// Forks and reaps until there is input. Returns the number of forks.
long Storm() {
  long forks = 0;
  int alive = 0;
  for (; !HasInput(); ++forks) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    if (child > 0) ++alive;
    const int options = alive < kMostAtOnce && child > 0 ? WNOHANG : 0;
    while (alive > 0 && ::waitpid(-1, nullptr, options) > 0) {
      --alive;
      if (options == 0) break;
    }
  }
  for (; alive > 0; --alive) ::waitpid(-1, nullptr, 0);
  return forks;
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc == 2 ? std::atoi(argv[1]) : 0;
  if (count < 1 || count > kMostChildren) {
    std::fprintf(stderr, "usage: fork_storm CHILDREN (at most %d)\n",
                 kMostChildren);
    return 2;
  }
  std::vector<pid_t> children;
  for (int i = 0; i < count; ++i) children.push_back(ForkIdle());
  const char* separator = "[";
  for (const pid_t child : children) {
    std::printf("%s%d", separator, child);
    separator = ", ";
  }
  std::puts("]");
  std::fflush(stdout);
  const long forks = Storm();
  std::printf("%ld\n", forks);
  std::fflush(stdout);
  char ignored = 0;
  while (::read(STDIN_FILENO, &ignored, 1) > 0) {
  }
  for (const pid_t child : children) ::kill(child, SIGKILL);
  for (const pid_t child : children) ::waitpid(child, nullptr, 0);
}
