/// Preloaded into a program, makes clocks read later or earlier than they are:
/// by so many nanoseconds as the file that LEAK_SHIFTED_CLOCK names says now.
/// The file holds two numbers of 64 bits, for CLOCK_REALTIME and
/// CLOCK_BOOTTIME. What waits for a moment still waits by the kernel's own
/// clocks.

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace {

constexpr int64_t kSecond = 1'000'000'000;

struct Offsets {
  std::atomic<int64_t> realtime;
  std::atomic<int64_t> boottime;
};

const Offsets* MapOffsets() {
  const char* const path = std::getenv("LEAK_SHIFTED_CLOCK");
  const int fd = path == nullptr ? -1 : ::open(path, O_RDONLY | O_CLOEXEC);
  void* const page =
      ::mmap(nullptr, sizeof(Offsets), PROT_READ, MAP_SHARED, fd, 0);
  if (fd < 0 || page == MAP_FAILED) {
    std::perror("LEAK_SHIFTED_CLOCK");
    std::abort();
  }
  ::close(fd);
  return static_cast<const Offsets*>(page);
}

int64_t Offset(clockid_t clock) {
  static const Offsets* const kOffsets = MapOffsets();
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
      return kOffsets->realtime;
    case CLOCK_BOOTTIME:
      return kOffsets->boottime;
    default:
      return 0;
  }
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  using Function = int (*)(clockid_t, timespec*);
  static const auto kReal =
      reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "clock_gettime"));
  const int result = kReal(clock, time);
  if (result == 0) {
    const int64_t shifted =
        time->tv_sec * kSecond + time->tv_nsec + Offset(clock);
    time->tv_sec = shifted / kSecond;
    time->tv_nsec = shifted % kSecond;
  }
  return result;
}

int gettimeofday(timeval* time, void* /*zone*/) noexcept {
  timespec now{};
  const int result = clock_gettime(CLOCK_REALTIME, &now);
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return result;
}

time_t time(time_t* seconds) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (seconds != nullptr) *seconds = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"
