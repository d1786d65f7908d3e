#include "metrics/remote/elf_image.h"

#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "metrics/remote/image_memory.h"
#include "metrics/remote/process_memory.h"
#include "tests/catch.h"

/// Marks this program's image.
extern "C" int leak_exporter_image_symbol;
int leak_exporter_image_symbol = 42;

namespace leak_exporter {
namespace {

RemoteAddr BaseOf(const void* address) {
  Dl_info info{};
  REQUIRE(::dladdr(address, &info) != 0);
  return RemoteAddr{reinterpret_cast<uint64_t>(info.dli_fbase)};
}

TEST_CASE("elf: symbols of a loaded library are where the linker says") {
  const ProcessMemory memory(::getpid());
  // Its own, where a sanitizer puts another qsort before it; it stays loaded.
  void* library = ::dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
  const auto elf = LoadedElf::Open(memory, BaseOf(::dlsym(library, "qsort")));
  REQUIRE(elf.has_value());
  for (const char* name : {"qsort", "getenv", "environ", "stdout"}) {
    INFO(name);
    const auto symbol = elf->FindSymbol(name);
    REQUIRE(symbol.has_value());
    REQUIRE(symbol->has_value());
    // A program's own copy of a variable comes before the library's.
    CHECK((*symbol)->address ==
          RemoteAddr{reinterpret_cast<uint64_t>(::dlsym(library, name))});
  }
  ::dlclose(library);
  const auto missing = elf->FindSymbol("_PyRuntime");
  REQUIRE(missing.has_value());
  CHECK_FALSE(missing->has_value());
}

TEST_CASE("elf: what is none is an error, whatever its headers say") {
  const ProcessMemory self(::getpid());
  const RemoteAddr base = BaseOf(&leak_exporter_image_symbol);
  std::vector<std::byte> head(4096);
  REQUIRE(self.ReadExact(base, head).has_value());
  const auto open = [](std::vector<std::byte> bytes) {
    const auto image =
        ImageMemory::FromSegments({{RemoteAddr{0x10000}, std::move(bytes)}});
    return LoadedElf::Open(*image, RemoteAddr{0x10000}).has_value();
  };
  CHECK_FALSE(open(std::vector<std::byte>(64)));
  for (size_t size : {1, 63, 64, 100}) {
    CHECK_FALSE(
        open({head.begin(), head.begin() + static_cast<ptrdiff_t>(size)}));
  }
  // Number of program headers, where they are, class.
  for (const size_t at : {offsetof(ElfW(Ehdr), e_phnum),
                          offsetof(ElfW(Ehdr), e_phoff), size_t{EI_CLASS}}) {
    auto bad = head;
    bad[at] = std::byte{0xff};
    bad[at + 1] = std::byte{0xff};
    CHECK_FALSE(open(bad));
  }
}

}  // namespace
}  // namespace leak_exporter
