#include "metrics/cpython/runtime/python_binary.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "metrics/base/clock.h"
#include "metrics/remote/process_memory.h"
#include "tests/catch.h"
#include "tests/metrics/remote/faulty_memory.h"

/// A variable that CPython has before 3.7; here only the symbol table knows it.
extern "C" uint64_t interp_head;
uint64_t interp_head = 42;

namespace leak_exporter::cpython {
namespace {

RemoteAddr AddressOf(const void* place) {
  return RemoteAddr{reinterpret_cast<uint64_t>(place)};
}

/// This program, which has itself mapped, and libc.
class Self {
 public:
  Self()
      : process_(*procfs::ProcessHandle::Open(procfs::ProcFs(), ::getpid())),
        memory_(::getpid()) {
    std::string buffer;
    auto map = MemoryMap::Read(process_, buffer, deadline_);
    REQUIRE(map.has_value());
    map_ = *std::move(map);
  }

  /// The mapping of the first byte of the file that is mapped at `place`.
  procfs::Mapping FileAt(RemoteAddr place) const {
    std::string_view name;
    for (const procfs::Mapping& mapping : map_.mappings()) {
      if (RangeOf(mapping).Contains(place)) name = mapping.name;
    }
    for (const procfs::Mapping& mapping : map_.mappings()) {
      if (mapping.name == name && mapping.offset == 0) return mapping;
    }
    FAIL("not mapped from its beginning");
    return {};
  }
  const procfs::ProcessHandle& process() const { return process_; }
  const ProcessMemory& memory() const { return memory_; }
  const Deadline& deadline() const { return deadline_; }
  const MemoryMap& map() const { return map_; }

 private:
  procfs::ProcessHandle process_;
  ProcessMemory memory_;
  SystemClock clock_;
  Deadline deadline_ = Deadline::Never(clock_);
  MemoryMap map_;
};

PythonBinary Open(const Self& self, RemoteAddr place) {
  auto binary = PythonBinary::Open(self.process(), self.FileAt(place),
                                   self.memory(), self.deadline());
  REQUIRE(binary.has_value());
  REQUIRE(binary->has_value());
  return **std::move(binary);
}

TEST_CASE("python binary: what a library exports is found in its memory") {
  const Self self;
  void* library = ::dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
  REQUIRE(library != nullptr);
  const RemoteAddr expected = AddressOf(::dlsym(library, "getenv"));
  PythonBinary libc = Open(self, expected);
  CHECK(libc.FindDynamic("getenv").value() == expected);
  CHECK(libc.FindAny("getenv") == expected);
  CHECK(libc.FindDynamic("_PyRuntime").value() == std::nullopt);
  CHECK(libc.path().find("libc") != std::string_view::npos);
  CHECK(libc.mapping() == RangeOf(self.FileAt(expected)));
  ::dlclose(library);
}

TEST_CASE("python binary: the rest is found in its file's symbol table") {
  const Self self;
  PythonBinary program = Open(self, AddressOf(&interp_head));
  CHECK(program.FindDynamic("interp_head").value() == std::nullopt);
  CHECK(program.FindAny("interp_head") == AddressOf(&interp_head));
  // No symbol that is looked for there.
  CHECK(program.FindAny("main") == std::nullopt);
}

TEST_CASE("python binary: sections are found by the file's headers") {
  const Self self;
  PythonBinary program = Open(self, AddressOf(&interp_head));
  CHECK(program.FindSection(".data").has_value());
  CHECK(program.FindSection(".PyRuntime") == std::nullopt);
}

TEST_CASE("python binary: a file that cannot be opened has no table") {
  const Self self;
  procfs::Mapping mapping = self.FileAt(AddressOf(&interp_head));
  // Neither a name nor a range that leads to a file.
  mapping.name = "/nowhere";
  ++mapping.end;
  auto program = PythonBinary::Open(self.process(), mapping, self.memory(),
                                    self.deadline());
  REQUIRE(program.has_value());
  REQUIRE(program->has_value());
  CHECK((*program)->FindAny("interp_head") == std::nullopt);
  CHECK((*program)->FindSection(".data") == std::nullopt);
}

TEST_CASE("python binary: a mapping that is no ELF image is none") {
  const Self self;
  // Where no image begins.
  procfs::Mapping mapping;
  mapping.start = reinterpret_cast<uint64_t>(&interp_head);
  mapping.end = mapping.start + sizeof(interp_head);
  const auto binary = PythonBinary::Open(self.process(), mapping, self.memory(),
                                         self.deadline());
  REQUIRE(binary.has_value());
  CHECK_FALSE(binary->has_value());
}

TEST_CASE("python binary: one that cannot be read is an error") {
  const Self self;
  for (const int code : {ESRCH, EPERM, EFAULT}) {
    const FaultyMemory memory(self.memory(),
                              [code](size_t, RemoteAddr, size_t) {
                                return Fault{code, {}};
                              });
    const auto binary =
        PythonBinary::Open(self.process(), self.FileAt(AddressOf(&interp_head)),
                           memory, self.deadline());
    REQUIRE_FALSE(binary.has_value());
    CHECK(binary.error().code == code);
  }
}

}  // namespace
}  // namespace leak_exporter::cpython
