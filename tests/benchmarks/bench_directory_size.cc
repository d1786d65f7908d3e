#include <fcntl.h>
#include <sys/resource.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "metrics/base/clock.h"
#include "metrics/base/deadline.h"
#include "metrics/base/read_file.h"
#include "metrics/base/unique_fd.h"
#include "metrics/disk/measure_directory.h"
#include "metrics/procfs/status.h"

namespace leak_exporter {
namespace {

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_usec) * 1e-6;
}

// Prints one JSON object: what was counted and what it cost.
int Run(const std::string& path, unsigned threads) {
  const UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    std::perror(path.c_str());
    return 1;
  }
  const SystemClock clock;
  const FileRoot root = FileRoot::Own();
  MeasureOptions options;
  options.threads = threads;
  const auto begin = clock.Now();
  const auto usage =
      MeasureDirectory({fd.get(), path, root}, options, Deadline::Never(clock));
  const std::chrono::duration<double> wall = clock.Now() - begin;
  if (!usage) {
    std::fprintf(stderr, "%s\n", usage.error().message.c_str());
    return 1;
  }
  std::string buffer;
  const auto status =
      ReadFile("/proc/self/status", buffer).and_then(procfs::ParseStatus);
  if (!status || !status->peak_resident_bytes) {
    std::fprintf(stderr, "/proc/self/status cannot be read\n");
    return 1;
  }
  rusage resources{};
  ::getrusage(RUSAGE_SELF, &resources);
  std::printf(
      "{\"entries\": %llu, \"apparent_bytes\": %llu, \"allocated_bytes\": %lld,"
      " \"wall_seconds\": %.6f, \"cpu_seconds\": %.6f,"
      " \"peak_resident_bytes\": %llu}\n",
      static_cast<unsigned long long>(usage->entries),
      static_cast<unsigned long long>(usage->apparent_bytes),
      usage->allocated_bytes ? static_cast<long long>(*usage->allocated_bytes)
                             : -1,
      wall.count(), Seconds(resources.ru_utime) + Seconds(resources.ru_stime),
      static_cast<unsigned long long>(*status->peak_resident_bytes));
  return 0;
}

}  // namespace
}  // namespace leak_exporter

int main(int argc, char** argv) {
  unsigned threads = leak_exporter::DefaultWalkThreads();
  bool good = argc == 2 || argc == 3;
  if (argc == 3) {
    const std::string_view text(argv[2]);
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), threads);
    good =
        error == std::errc() && end == text.data() + text.size() && threads > 0;
  }
  if (!good) {
    std::fprintf(stderr, "usage: bench_directory_size PATH [THREADS]\n");
    return 2;
  }
  return leak_exporter::Run(argv[1], threads);
}
