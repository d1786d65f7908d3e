// Whatever a program's file, its image in memory and its _PyRuntime hold,
// reading them ends soon and takes little memory. Starts well from any small
// shared library.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "metrics/base/clock.h"
#include "metrics/base/deadline.h"
#include "metrics/cpython/layout/debug_offsets.h"
#include "metrics/cpython/layout/layout.h"
#include "metrics/remote/elf_file.h"
#include "metrics/remote/elf_image.h"
#include "metrics/remote/image_memory.h"

namespace leak_exporter {
namespace {

constexpr RemoteAddr kBase{0x10000};

void ReadAsFile(std::span<const uint8_t> bytes, const Deadline& deadline) {
  static const int kFile = ::memfd_create("elf", MFD_CLOEXEC);
  if (::ftruncate(kFile, 0) != 0 ||
      ::pwrite(kFile, bytes.data(), bytes.size(), 0) !=
          static_cast<ssize_t>(bytes.size())) {
    return;
  }
  const FileMemory file(UniqueFd(::dup(kFile)), "elf");
  (void)ReadElfFile(file, {"_PyRuntime", "arenas", ""}, deadline);
}

void ReadAsImage(std::span<const uint8_t> bytes) {
  const auto head = std::as_bytes(bytes);
  std::vector<MemorySegment> segments;
  segments.push_back({kBase, {head.begin(), head.end()}});
  const auto memory = ImageMemory::FromSegments(std::move(segments));
  if (!memory) return;
  const auto elf = LoadedElf::Open(*memory, kBase);
  if (elf) (void)elf->FindSymbol("_PyRuntime");
  const auto version = cpython::ReadDebugVersion(*memory, kBase);
  if (!version || !*version) return;
  auto layout =
      cpython::FindLayout((*version)->version, (*version)->free_threaded);
  if (layout) (void)cpython::ApplyDebugOffsets(*memory, kBase, *layout);
}

}  // namespace
}  // namespace leak_exporter

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace leak_exporter;
  const SystemClock clock;
  ReadAsFile({data, size}, Deadline::After(clock, std::chrono::seconds(1)));
  ReadAsImage({data, size});
  return 0;
}
