#include "exporter/system/malloc_settings.h"

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

/// How many arenas the C library has, by its own report (malloc_info(3)).
size_t Arenas() {
  char* text = nullptr;
  size_t size = 0;
  std::FILE* const file = ::open_memstream(&text, &size);
  ::malloc_info(0, file);
  std::fclose(file);
  const std::string report(text, size);
  std::free(text);
  size_t arenas = 0;
  for (size_t at = report.find("<heap nr="); at != report.npos;
       at = report.find("<heap nr=", at + 1)) {
    ++arenas;
  }
  return arenas;
}

/// The answer of `question` in a process of its own: the settings last.
template <typename Question>
int InChild(const Question& question) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(question());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

TEST_CASE("malloc: threads share one arena") {
  const auto arenas_with_threads = [] {
    for (int i = 0; i < 4; ++i) {
      std::thread([] { std::free(std::malloc(1000)); }).join();
    }
    return static_cast<int>(Arenas());
  };
  const int before = InChild(arenas_with_threads);
  if (before < 2) {
    WARN("this C library has no arenas; nothing was tested");
    return;
  }
  CHECK(InChild([&] {
          ConfigureMalloc();
          return arenas_with_threads();
        }) == 1);
}

TEST_CASE("malloc: a megabyte that is freed is there for the next one") {
  CHECK(InChild([] {
          ConfigureMalloc();
          constexpr size_t kMegabyte = 1 << 20;
          // Without the setting such a block would be mapped by itself.
          void* const block = std::malloc(kMegabyte);
          const bool mapped = ::mallinfo2().hblks > 0;
          std::free(block);
          return mapped ? 1 : 0;
        }) == 0);
}

}  // namespace
}  // namespace leak_exporter
