#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "metrics/remote/elf_image.h"
#include "metrics/remote/overlaid_memory.h"
#include "metrics/remote/process_memory.h"
#include "metrics/remote/read_cache.h"
#include "tests/catch.h"
#include "tests/fake_clock.h"
#include "tests/metrics/remote/fault_at_read.h"
#include "tests/metrics/remote/memory_builder.h"
#include "tests/metrics/remote/reading.h"

/// What reads memory, while one read after another fails.
namespace leak_exporter {
namespace {

const std::vector<ReadFault> kFailures = {
    {.name = "bad address", .code = EFAULT},
    {.name = "I/O error", .code = EIO},
    {.name = "refusal", .code = EPERM, .for_good = true},
    {.name = "death", .code = ESRCH, .for_good = true}};
const std::vector<ReadFault> kShort = {
    {.name = "half", .divisor = 2},
    {.name = "one byte", .divisor = SIZE_MAX},
    {.name = "one byte, always", .for_good = true, .divisor = SIZE_MAX}};

/// Calls `read` with a memory in which one read after another has the fault,
/// and then `check` with what it returns and with what it returns otherwise.
template <typename Read, typename Check>
void AtEachRead(const RemoteMemory& memory,
                const std::vector<ReadFault>& faults, const Read& read,
                const Check& check) {
  FakeClock clock(std::chrono::seconds(1000));
  const FaultAtRead counting(memory, clock);
  const auto undisturbed = read(counting);
  REQUIRE(counting.reads() > 0);
  for (const ReadFault& fault : faults) {
    for (size_t at = 0; at < counting.reads(); ++at) {
      INFO(fault.name << " at " << at);
      const FaultAtRead faulty(memory, clock, fault, at);
      check(fault, read(faulty), undisturbed);
      CHECK(faulty.reads() <= 20'000);
    }
  }
}

/// Failures are the result's; short reads change nothing.
template <typename Read>
void CheckFaults(const RemoteMemory& memory, const Read& read) {
  AtEachRead(memory, kFailures, read,
             [](const ReadFault& fault, const auto& result, const auto&) {
               REQUIRE_FALSE(result.has_value());
               CHECK(result.error().code == fault.code);
             });
  AtEachRead(memory, kShort, read,
             [](const ReadFault&, const auto& result, const auto& undisturbed) {
               REQUIRE(result.has_value());
               CHECK(*result == *undisturbed);
             });
}

ImageMemory TwoPages() {
  MemoryBuilder memory;
  memory.PutText(RemoteAddr{0x1ff0}, std::string(150, 'x'));
  return memory.Build();
}

TEST_CASE("faults in memory: strings and values, read on their own") {
  const ImageMemory image = TwoPages();
  CheckFaults(image, [](const RemoteMemory& memory) {
    return memory.ReadCString(RemoteAddr{0x1ff0}, 1000);
  });
  CheckFaults(image, [](const RemoteMemory& memory) {
    return memory.Read<uint64_t>(RemoteAddr{0x1ffc});
  });
}

TEST_CASE("faults in memory: symbols of a loaded library") {
  const ProcessMemory self(::getpid());
  Dl_info info{};
  void* const library = ::dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
  void* const known = ::dlsym(library, "qsort");
  REQUIRE(::dladdr(known, &info) != 0);
  const RemoteAddr base{reinterpret_cast<uint64_t>(info.dli_fbase)};
  CheckFaults(self, [&](const RemoteMemory& memory) -> Result<RemoteAddr> {
    const auto elf = LoadedElf::Open(memory, base);
    if (!elf) return tl::unexpected<Error>(elf.error());
    const auto symbol = elf->FindSymbol("qsort");
    if (!symbol) return tl::unexpected<Error>(symbol.error());
    REQUIRE(symbol->has_value());
    CHECK((*symbol)->address == RemoteAddr{reinterpret_cast<uint64_t>(known)});
    return (*symbol)->address;
  });
}

/// The bytes of 40 reads through a cache, '?' for each that fails.
Result<std::string> ReadThroughCache(const RemoteMemory& memory) {
  ReadCache cache(memory);
  const std::vector<AddressRange> ranges = {RangeAt(RemoteAddr{0x1ff0}, 8),
                                            RangeAt(RemoteAddr{0x2010}, 8)};
  cache.Prefetch(ranges);
  std::string text;
  for (uint64_t i = 0; i < 40; ++i) {
    const auto c = cache.Read<char>(RemoteAddr{0x1ff0} + 4 * i);
    text.push_back(c ? *c : '?');
  }
  return text;
}

TEST_CASE("faults in memory: a cache gives what is there, or nothing") {
  const ImageMemory image = TwoPages();
  AtEachRead(image, kFailures, ReadThroughCache,
             [](const ReadFault& fault, const auto& text, const auto& whole) {
               size_t missing = 0;
               for (size_t i = 0; i < text->size(); ++i) {
                 if ((*text)[i] == '?') {
                   ++missing;
                 } else {
                   CHECK((*text)[i] == (*whole)[i]);
                 }
               }
               // A failed page is asked for again when it is needed again.
               if (!fault.for_good) CHECK(missing <= 1);
             });
  AtEachRead(image, kShort, ReadThroughCache,
             [](const ReadFault&, const auto& text, const auto& whole) {
               CHECK(*text == *whole);
             });
}

TEST_CASE("faults in memory: of two memories each stands in for the other") {
  MemoryBuilder above;
  above.PutText(RemoteAddr{0x1000}, "above");
  MemoryBuilder below;
  below.PutText(RemoteAddr{0x1000}, "below")
      .PutText(RemoteAddr{0x2000}, "next");
  const ImageMemory below_image = below.Build();
  const ImageMemory above_image = above.Build();
  // A value that reaches from what is above into what is below alone.
  const auto read = [](const RemoteMemory& memory) {
    return memory.Read<uint64_t>(RemoteAddr{0x1ffc});
  };
  CheckFaults(below_image, [&](const RemoteMemory& memory) {
    return read(OverlaidMemory(above_image, memory));
  });
  AtEachRead(
      above_image, kFailures,
      [&](const RemoteMemory& memory) {
        return read(OverlaidMemory(memory, below_image));
      },
      [](const ReadFault&, const auto& result, const auto& undisturbed) {
        REQUIRE(result.has_value());
        CHECK(*result == *undisturbed);
      });
}

}  // namespace
}  // namespace leak_exporter
