// CPU time that one measurement costs for each child: choosing the
// target, walking its tree, process_tree and memory; and with the collectors
// besides that every scrape runs by default (mappings, open_files).
//
//   bench_process_tree [CHILDREN…]        default: 100 1000 5000
//
// Prints a table: sleeping children chosen by pid and by comm, the same with
// siblings that are forked and reaped all the time, and children that have
// files open, which must be looked at although they sleep.

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "metrics/base/clock.h"
#include "metrics/base/deadline.h"
#include "metrics/collectors/collectors.h"
#include "metrics/targets/target_watch.h"

namespace leak_exporter {
namespace {

constexpr int kMeasurements = 30;
constexpr char kComm[] = "leak_bench_main";

struct Case {
  const char* name;
  /// Fork and reap siblings all the time.
  bool churn = false;
  bool by_comm = false;
  /// mappings and open_files besides.
  bool every_collector = false;
  /// Collectors keep nothing, as where all children ran in between.
  bool forget = false;
  /// Regular files that each child has open.
  int files = 0;
};

/// A process with this many children that sleep, ended with the object.
class Tree {
 public:
  Tree(int children, const Case& what) {
    int ready[2];
    if (::pipe(ready) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) Run(children, what, ready[1]);
    char byte = 0;
    ::close(ready[1]);
    ok_ = pid_ > 0 && ::read(ready[0], &byte, 1) == 1;
    ::close(ready[0]);
  }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  ~Tree() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    // The children end with their parent and come here to be reaped.
    while (::waitpid(-1, nullptr, 0) > 0) {
    }
  }

  bool ok() const { return ok_; }
  pid_t pid() const { return pid_; }

 private:
  [[noreturn]] static void Sleep() {
    for (;;) ::pause();
  }

  [[noreturn]] static void Run(int children, const Case& what, int ready) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NAME, kComm);
    const pid_t main = ::getpid();
    for (int i = 0; i < what.files; ++i) ::open("/proc/self/exe", O_RDONLY);
    for (int i = 0; i < children; ++i) {
      const pid_t child = ::fork();
      if (child < 0) ::_exit(1);
      if (child > 0) continue;
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::prctl(PR_SET_NAME, "leak_bench_kid");
      if (::getppid() != main) ::_exit(0);
      Sleep();
    }
    if (::write(ready, "x", 1) != 1) ::_exit(1);
    while (what.churn) {
      const pid_t child = ::fork();
      if (child == 0) ::_exit(0);
      ::waitpid(child, nullptr, 0);
    }
    Sleep();
  }

  pid_t pid_ = -1;
  bool ok_ = false;
};

double CpuMicroseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 +
         static_cast<double>(now.tv_nsec) / 1e3;
}

struct Figures {
  double median_microseconds = 0;
  double first_microseconds = 0;
  size_t fewest_children = 0;
};

Figures Measure(const config::TargetConfig& target, const Case& what) {
  const SystemClock clock;
  const procfs::ProcFs fs;
  const Deadline deadline = Deadline::Never(clock);
  config::CollectorsConfig config;
  config.mappings.enabled = what.every_collector;
  config.open_files.enabled = what.every_collector;
  config.disk_usage.enabled = false;
  config.python_heap.enabled = false;
  auto collectors = MakeCollectors(config, nullptr, nullptr);
  TargetWatch watch(target, fs);
  std::string buffer;
  std::vector<double> costs;
  Figures figures;
  figures.fewest_children = SIZE_MAX;
  for (int i = 0; i < kMeasurements; ++i) {
    const double begin = CpuMicroseconds();
    const TargetWatch::Discovery measured =
        watch.Measure(clock, Deadline::Never(clock));
    TargetSnapshot snapshot;
    ErrorTally errors;
    for (const auto& collector : collectors) {
      collector->Collect({target, measured.tree, fs, clock, deadline, buffer},
                         snapshot, errors);
    }
    costs.push_back(CpuMicroseconds() - begin);
    if (what.forget) collectors = MakeCollectors(config, nullptr, nullptr);
    figures.fewest_children = std::min(figures.fewest_children,
                                       snapshot.process_tree->children.size());
  }
  figures.first_microseconds = costs.front();
  std::sort(costs.begin(), costs.end());
  figures.median_microseconds = costs[costs.size() / 2];
  return figures;
}

bool Report(const Case& what, int children) {
  const Tree tree(children, what);
  if (!tree.ok()) {
    std::fprintf(stderr, "no tree of %d children: %s\n", children,
                 std::strerror(errno));
    return false;
  }
  config::TargetConfig target;
  target.name = "benchmark";
  if (what.by_comm) {
    target.match.comms = {kComm};
  } else {
    target.match.pids = {tree.pid()};
  }
  const Figures figures = Measure(target, what);
  std::printf("%-18s %8d %14.1f %14.2f %14.2f %10zu\n", what.name, children,
              figures.median_microseconds,
              figures.median_microseconds / children,
              figures.first_microseconds / children, figures.fewest_children);
  std::fflush(stdout);
  return figures.fewest_children >= static_cast<size_t>(children);
}

/// So that a tree's children are gone before the next is measured.
void BecomeSubreaper() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

void RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

constexpr Case kCases[] = {
    {.name = "by pid"},
    {.name = "by comm", .by_comm = true},
    {.name = "by pid, churn", .churn = true},
    {.name = "every collector", .every_collector = true},
    {.name = "every, 4 files", .every_collector = true, .files = 4},
    {.name = "every, all ran", .every_collector = true, .forget = true}};

bool RunAll(const std::vector<int>& sizes) {
  std::printf("%-18s %8s %14s %14s %14s %10s\n", "case", "children",
              "us in all", "us a child", "first, a child", "fewest");
  bool complete = true;
  for (const int children : sizes) {
    for (const Case& what : kCases) {
      complete = Report(what, children) && complete;
    }
  }
  return complete;
}

}  // namespace
}  // namespace leak_exporter

int main(int argc, char** argv) {
  std::vector<int> sizes;
  for (int i = 1; i < argc; ++i) {
    int size = 0;
    const char* const end = argv[i] + std::strlen(argv[i]);
    if (std::from_chars(argv[i], end, size).ptr != end || size < 1) {
      std::fprintf(stderr, "usage: %s [CHILDREN...]\n", argv[0]);
      return 2;
    }
    sizes.push_back(size);
  }
  if (sizes.empty()) sizes = {100, 1000, 5000};
  leak_exporter::RaiseDescriptorLimit();
  leak_exporter::BecomeSubreaper();
  return leak_exporter::RunAll(sizes) ? 0 : 1;
}
