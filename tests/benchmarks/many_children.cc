/// Forks as many children as asked for, which do nothing, prints its pid once
/// all of them stand, and ends with them when its standard input closes.

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <vector>

namespace {

constexpr int kMaxChildren = 100'000;

int ParseCount(const char* text) {
  int count = 0;
  const auto [end, error] =
      std::from_chars(text, text + std::strlen(text), count);
  const bool ok = error == std::errc() && *end == '\0' && count > 0;
  return ok && count <= kMaxChildren ? count : -1;
}

[[noreturn]] void WaitForever() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) ::pause();
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc == 2 ? ParseCount(argv[1]) : -1;
  if (count < 0) {
    std::fprintf(stderr, "usage: many_children COUNT (at most %d)\n",
                 kMaxChildren);
    return 2;
  }
  std::vector<pid_t> children;
  for (int number = 0; number < count; ++number) {
    const pid_t child = ::fork();
    if (child == 0) WaitForever();
    if (child < 0) {
      std::perror("fork");
      break;
    }
    children.push_back(child);
  }
  const bool complete = children.size() == static_cast<size_t>(count);
  if (complete) {
    std::printf("%d\n", ::getpid());
    std::fflush(stdout);
    char ignored = 0;
    while (::read(STDIN_FILENO, &ignored, 1) > 0) {
    }
  }
  for (const pid_t child : children) ::kill(child, SIGKILL);
  for (const pid_t child : children) ::waitpid(child, nullptr, 0);
  return complete ? 0 : 1;
}
