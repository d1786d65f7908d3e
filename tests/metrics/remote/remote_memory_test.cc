#include "metrics/remote/remote_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "metrics/remote/image_memory.h"
#include "metrics/remote/process_memory.h"
#include "metrics/remote/resident_ranges.h"
#include "tests/catch.h"
#include "tests/waiting_process.h"

namespace leak_exporter {
namespace {

std::vector<std::byte> Bytes(const std::string& text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

std::string ReadText(const RemoteMemory& memory, RemoteAddr address,
                     size_t size) {
  std::string text(size, '\0');
  const auto got = memory.ReadSome(
      address, std::as_writable_bytes(std::span(text.data(), text.size())));
  return got ? text.substr(0, *got)
             : "error " + std::to_string(got.error().code);
}

TEST_CASE("image memory: segments that touch read as one, gaps end a read") {
  const auto image =
      ImageMemory::FromSegments({{RemoteAddr{0x2003}, Bytes("def")},
                                 {RemoteAddr{0x2000}, Bytes("abc")},
                                 {RemoteAddr{0x3000}, Bytes("xyz")}});
  REQUIRE(image.has_value());
  CHECK(ReadText(*image, RemoteAddr{0x2001}, 4) == "bcde");
  CHECK(ReadText(*image, RemoteAddr{0x2004}, 100) == "ef");
  CHECK(ReadText(*image, RemoteAddr{0x3002}, 100) == "z");
  CHECK(ReadText(*image, RemoteAddr{0x1fff}, 1) == "error 14");
  CHECK(ReadText(*image, RemoteAddr{0x2006}, 1) == "error 14");
  CHECK(ReadText(*image, RemoteAddr{UINT64_MAX}, 100) == "error 14");
  std::vector<std::byte> three(3);
  CHECK(image->ReadExact(RemoteAddr{0x2004}, three).error().message ==
        "3 bytes at 0x2004: only 2 can be read");
}

TEST_CASE("image memory: what is written is read back the same") {
  const auto image =
      ImageMemory::FromSegments({{RemoteAddr{0x2000}, Bytes("abc")},
                                 {RemoteAddr{0xffff0000}, Bytes("d")}});
  REQUIRE(image.has_value());
  const std::string file = image->Serialize();
  const auto again =
      ImageMemory::Parse(std::as_bytes(std::span(file.data(), file.size())));
  REQUIRE(again.has_value());
  CHECK(again->Serialize() == file);
  CHECK(ReadText(*again, RemoteAddr{0xffff0000}, 1) == "d");
}

TEST_CASE("image memory: a bad image is an error") {
  const std::string good =
      ImageMemory::FromSegments({{RemoteAddr{0x2000}, Bytes("abc")}})
          ->Serialize();
  const auto parse = [](const std::string& file) {
    return ImageMemory::Parse(
        std::as_bytes(std::span(file.data(), file.size())));
  };
  REQUIRE(parse(good).has_value());
  for (size_t size = 0; size < good.size(); ++size) {
    INFO(size);
    // Without segments it is whole.
    CHECK(parse(good.substr(0, size)).has_value() == (size == 8));
  }
  CHECK_FALSE(parse("LEAKIMG2" + good.substr(8)).has_value());
  // The same segment twice.
  CHECK_FALSE(parse(good + good.substr(8)).has_value());
  std::string huge = good;
  huge.replace(16, 8, 8, '\xff');
  CHECK_FALSE(parse(huge).has_value());
  std::string at_the_end = good;
  at_the_end.replace(8, 8, 8, '\xff');
  CHECK_FALSE(parse(at_the_end).has_value());
}

TEST_CASE("remote memory: strings end at NUL, and at the limit") {
  const auto image = ImageMemory::FromSegments(
      {{RemoteAddr{0x1000}, Bytes(std::string("name\0more", 9))},
       {RemoteAddr{0x2000}, Bytes(std::string(200, 'x'))}});
  REQUIRE(image.has_value());
  CHECK(image->ReadCString(RemoteAddr{0x1000}, 100).value() == "name");
  CHECK(image->ReadCString(RemoteAddr{0x2000}, 100).error().code == 0);
  CHECK(image->ReadCString(RemoteAddr{0x2000}, 1000).error().code == EFAULT);
}

/// Three pages of a child, the middle one taken away.
class Pages {
 public:
  Pages()
      : size_(static_cast<size_t>(::sysconf(_SC_PAGESIZE))),
        pages_(static_cast<char*>(::mmap(nullptr, 3 * size_,
                                         PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    std::memset(pages_, 'a', 3 * size_);
    ::munmap(pages_ + size_, size_);
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() {
    ::munmap(pages_, size_);
    ::munmap(pages_ + 2 * size_, size_);
  }

  RemoteAddr At(size_t page, uint64_t offset) const {
    return RemoteAddr{reinterpret_cast<uint64_t>(pages_)} + page * size_ +
           offset;
  }
  size_t size() const { return size_; }

 private:
  size_t size_;
  char* pages_;
};

TEST_CASE("process memory: a read ends at a page that is not there") {
  const Pages pages;
  const WaitingProcess child;
  const ProcessMemory memory(child.pid());
  CHECK(ReadText(memory, pages.At(0, pages.size() - 3), 100) == "aaa");
  CHECK(ReadText(memory, pages.At(1, 0), 1) == "error 14");
  CHECK(ReadText(memory, RemoteAddr{UINT64_MAX - 7}, 8) == "error 14");
}

TEST_CASE(
    "process memory: a batch fills what can be read, and goes on behind") {
  const Pages pages;
  const WaitingProcess child;
  const ProcessMemory memory(child.pid());
  std::vector<std::array<std::byte, 8>> buffers(1000);
  std::vector<ReadRequest> requests;
  for (size_t i = 0; i < buffers.size(); ++i) {
    requests.push_back({pages.At(i % 3, pages.size() - 4), buffers[i]});
  }
  REQUIRE(memory.ReadBatch(requests).has_value());
  for (size_t i = 0; i < requests.size(); ++i) {
    INFO(i);
    // Across the first hole, within it, and up to what is mapped behind.
    if (i % 3 == 0) CHECK(requests[i].got == 4);
    if (i % 3 == 1) CHECK(requests[i].got == 0);
    if (i % 3 == 2) CHECK(requests[i].got >= 4);
    if (requests[i].got > 0) CHECK(buffers[i][0] == std::byte{'a'});
  }
}

TEST_CASE("process memory: a process that is gone is gone") {
  pid_t pid = 0;
  {
    const WaitingProcess child;
    pid = child.pid();
  }
  const ProcessMemory memory(pid);
  const auto read = memory.Read<uint64_t>(RemoteAddr{0x400000});
  REQUIRE_FALSE(read.has_value());
  CHECK(IsGone(read.error()));
}

TEST_CASE("resident ranges: only what was written to, small gaps included") {
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  constexpr size_t kPages = 4000;
  auto* memory =
      static_cast<char*>(::mmap(nullptr, kPages * page, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  // Huge pages would be written to as a whole.
  ::madvise(memory, kPages * page, MADV_NOHUGEPAGE);
  for (const size_t i : {10, 11, 20, 2000, 3999}) memory[i * page] = 1;
  const WaitingProcess child;
  const auto process =
      procfs::ProcessHandle::Open(procfs::ProcFs(), child.pid());
  REQUIRE(process.has_value());
  const RemoteAddr begin{reinterpret_cast<uint64_t>(memory)};
  const auto ranges =
      ResidentRanges(*process, {{begin, begin + kPages * page}});
  ::munmap(memory, kPages * page);
  REQUIRE(ranges.size() == 3);
  const auto check = [&](const AddressRange& range, size_t from, size_t to) {
    CHECK(range.begin == begin + from * page);
    CHECK(range.end == begin + to * page);
  };
  check(ranges[0], 10, 21);
  check(ranges[1], 2000, 2001);
  check(ranges[2], 3999, 4000);
}

}  // namespace
}  // namespace leak_exporter
