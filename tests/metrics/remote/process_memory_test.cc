#include "metrics/remote/process_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <vector>

#include "tests/catch.h"
#include "tests/metrics/remote/reading.h"
#include "tests/waiting_process.h"

namespace leak_exporter {
namespace {

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

}  // namespace
}  // namespace leak_exporter
