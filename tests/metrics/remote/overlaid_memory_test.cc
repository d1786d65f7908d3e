#include "metrics/remote/overlaid_memory.h"

#include <cerrno>

#include "metrics/remote/image_memory.h"
#include "tests/catch.h"
#include "tests/metrics/remote/faulty_memory.h"
#include "tests/metrics/remote/reading.h"

namespace leak_exporter {
namespace {

ImageMemory Image(uint64_t address, const std::string& text) {
  return *ImageMemory::FromSegments({{RemoteAddr{address}, Bytes(text)}});
}

TEST_CASE("overlaid memory: what is above hides what is below") {
  const ImageMemory above = Image(0x1000, "copy");
  const ImageMemory below = Image(0x0ffe, "live memory");
  const OverlaidMemory memory(above, below);
  CHECK(ReadText(memory, RemoteAddr{0x1000}, 4) == "copy");
  CHECK(ReadText(memory, RemoteAddr{0x1002}, 2) == "py");
  CHECK(ReadText(memory, RemoteAddr{0x0ffe}, 2) == "li");
  CHECK(ReadText(memory, RemoteAddr{0x1004}, 5) == "emory");
}

TEST_CASE("overlaid memory: one read ends where the upper layer does") {
  const ImageMemory above = Image(0x1000, "copy");
  const ImageMemory below = Image(0x1000, "live memory");
  const OverlaidMemory memory(above, below);
  CHECK(ReadText(memory, RemoteAddr{0x1002}, 100) == "py");
}

TEST_CASE("overlaid memory: the lower layer's error is the error") {
  const ImageMemory above = Image(0x1000, "copy");
  const ImageMemory below = Image(0x2000, "live");
  CHECK(ReadText(OverlaidMemory(above, below), RemoteAddr{0x3000}, 1) ==
        "error 14");
  const FaultyMemory gone(below, [](size_t, RemoteAddr, size_t) {
    return Fault{ESRCH, {}};
  });
  const OverlaidMemory memory(above, gone);
  CHECK(ReadText(memory, RemoteAddr{0x1000}, 4) == "copy");
  CHECK(ReadText(memory, RemoteAddr{0x2000}, 4) == "error 3");
}

}  // namespace
}  // namespace leak_exporter
