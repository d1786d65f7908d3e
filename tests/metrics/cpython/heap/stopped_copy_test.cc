#include "metrics/cpython/heap/stopped_copy.h"

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "metrics/procfs/status.h"
#include "metrics/remote/process_memory.h"
#include "tests/catch.h"
#include "tests/metrics/remote/faulty_memory.h"
#include "tests/metrics/remote/reading.h"
#include "tests/ticking_clock.h"
#include "tests/waiting_process.h"

namespace leak_exporter::cpython {
namespace {

constexpr size_t kPages = 6;

/// A child with pages of its own that say which they are, and an int in the
/// last one. They stay as they are when this process changes its own.
class Child {
 public:
  explicit Child(int last_word = 0)
      : page_bytes_(static_cast<size_t>(::sysconf(_SC_PAGESIZE))),
        pages_(static_cast<char*>(::mmap(nullptr, kPages * page_bytes_,
                                         PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    // Huge pages would be in memory as a whole.
    ::madvise(pages_, kPages * page_bytes_, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < kPages; ++i) {
      const std::string text = "page" + std::to_string(i);
      std::memcpy(pages_ + i * page_bytes_, text.data(), text.size());
    }
    std::memcpy(pages_ + kPages * page_bytes_ - sizeof(last_word), &last_word,
                sizeof(last_word));
    child_.emplace();
    auto process = procfs::ProcessHandle::Open(procfs::ProcFs(), child_->pid());
    REQUIRE(process.has_value());
    process_.emplace(*std::move(process));
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { ::munmap(pages_, kPages * page_bytes_); }

  RemoteAddr Page(size_t page) const {
    return RemoteAddr{reinterpret_cast<uint64_t>(pages_)} + page * page_bytes_;
  }
  RemoteAddr LastWord() const { return Page(kPages) - sizeof(int); }
  size_t page_bytes() const { return page_bytes_; }
  pid_t pid() const { return child_->pid(); }
  const procfs::ProcessHandle& process() const { return *process_; }

  char State() const {
    std::string buffer;
    return procfs::ParseStatus(process_->Read("status", buffer).value())->state;
  }
  /// The same once it no longer runs: a process that was let go runs for a
  /// moment until it sleeps again.
  char SettledState() const {
    constexpr int kLooks = 100'000;
    for (int i = 0; i < kLooks && State() == 'R'; ++i) ::sched_yield();
    return State();
  }

 private:
  size_t page_bytes_;
  char* pages_;
  std::optional<WaitingProcess> child_;
  std::optional<procfs::ProcessHandle> process_;
};

Result<StoppedCopy> Copy(const Child& child, const RemoteMemory& memory,
                         const StoppedCopyLimits& limits = {},
                         const PythonRuntime& runtime = {}) {
  const SystemClock clock;
  return CopyStopped(child.process(), memory, runtime, limits, clock,
                     Deadline::After(clock, std::chrono::seconds(30)));
}

TEST_CASE("stopped copy: has what the process has, and its map") {
  const Child child;
  const ProcessMemory memory(child.pid());
  const auto copy = Copy(child, memory);
  if (!copy) FAIL(copy.error().message);
  for (size_t i = 0; i < kPages; ++i) {
    CHECK(ReadText(copy->image, child.Page(i), 5) ==
          "page" + std::to_string(i));
  }
  CHECK(copy->paused > std::chrono::nanoseconds(0));
  bool mapped = false;
  for (const procfs::Mapping& mapping : copy->map.mappings()) {
    mapped = mapped || RangeOf(mapping).Contains(child.Page(0));
  }
  CHECK(mapped);
  CHECK(child.SettledState() == 'S');
}

TEST_CASE("stopped copy: pages that cannot be read are left out") {
  const Child child;
  const ProcessMemory live(child.pid());
  const AddressRange holes[] = {RangeAt(child.Page(1), child.page_bytes()),
                                RangeAt(child.Page(3), child.page_bytes())};
  // A read ends where a hole begins.
  const FaultyMemory memory(
      live, [&](size_t, RemoteAddr address, size_t size) -> Fault {
        for (const AddressRange& hole : holes) {
          if (hole.Contains(address)) return {EFAULT, {}};
          if (address < hole.begin && hole.begin < address + size) {
            return {{},
                    static_cast<size_t>(Value(hole.begin) - Value(address))};
          }
        }
        return {};
      });
  const auto copy = Copy(child, memory);
  if (!copy) FAIL(copy.error().message);
  const std::string expected[] = {"page0",    "error 14", "page2",
                                  "error 14", "page4",    "page5"};
  for (size_t i = 0; i < kPages; ++i) {
    CHECK(ReadText(copy->image, child.Page(i), 5) == expected[i]);
  }
}

TEST_CASE("stopped copy: reads that end early leave nothing out") {
  const Child child;
  const ProcessMemory live(child.pid());
  const FaultyMemory memory(live, [](size_t, RemoteAddr, size_t size) {
    return Fault{{}, size / 2 + 1};
  });
  const auto copy = Copy(child, memory);
  if (!copy) FAIL(copy.error().message);
  const std::vector<MemorySegment>& segments = copy->image.segments();
  const auto whole =
      std::find_if(segments.begin(), segments.end(), [&](const auto& segment) {
        return RangeAt(segment.address, segment.bytes.size())
            .Contains(child.Page(0));
      });
  REQUIRE(whole != segments.end());
  CHECK(
      RangeAt(whole->address, whole->bytes.size()).Contains(child.LastWord()));
  for (size_t i = 0; i < kPages; ++i) {
    CHECK(ReadText(copy->image, child.Page(i), 5) ==
          "page" + std::to_string(i));
  }
}

PythonRuntime CollectingAt(RemoteAddr address) {
  PythonRuntime runtime;
  runtime.interpreters.resize(1);
  runtime.interpreters.front().gc.collecting = address;
  return runtime;
}

TEST_CASE("stopped copy: none is taken while the collector runs") {
  const Child child(1);
  const ProcessMemory memory(child.pid());
  StoppedCopyLimits limits;
  limits.attempts = 3;
  const auto copy = Copy(child, memory, limits, CollectingAt(child.LastWord()));
  REQUIRE_FALSE(copy.has_value());
  CHECK(copy.error().code == ETIMEDOUT);
  CHECK(copy.error().message == "/proc/" + std::to_string(child.pid()) +
                                    "/mem: always within a collection");
  CHECK(child.SettledState() == 'S');
}

TEST_CASE("stopped copy: is taken when the collection has ended") {
  const Child child(0);
  const ProcessMemory live(child.pid());
  size_t looks = 0;
  // What the collector says comes from the test, the first two times.
  class Collecting final : public RemoteMemory {
   public:
    Collecting(const RemoteMemory& memory, RemoteAddr address, size_t& looks)
        : memory_(memory), address_(address), looks_(looks) {}
    Result<size_t> ReadSome(RemoteAddr address,
                            std::span<std::byte> into) const override {
      auto got = memory_.ReadSome(address, into);
      if (address == address_ && ++looks_ <= 2) into[0] = std::byte{1};
      return got;
    }

   private:
    const RemoteMemory& memory_;
    RemoteAddr address_;
    size_t& looks_;
  };
  const Collecting memory(live, child.LastWord(), looks);
  const auto copy = Copy(child, memory, {}, CollectingAt(child.LastWord()));
  if (!copy) FAIL(copy.error().message);
  CHECK(looks == 3);
  CHECK(ReadText(copy->image, child.Page(0), 5) == "page0");
}

TEST_CASE("stopped copy: no more is copied than may be") {
  const Child child;
  const ProcessMemory memory(child.pid());
  StoppedCopyLimits limits;
  limits.bytes = 4096;
  const auto copy = Copy(child, memory, limits);
  REQUIRE_FALSE(copy.has_value());
  CHECK(copy.error().code == ENOMEM);
}

TEST_CASE("stopped copy: the process goes on where copying takes too long") {
  const Child child;
  const ProcessMemory memory(child.pid());
  StoppedCopyLimits limits;
  limits.pause = std::chrono::nanoseconds(1);
  const auto copy = Copy(child, memory, limits);
  REQUIRE_FALSE(copy.has_value());
  CHECK(copy.error().code == ETIMEDOUT);
  CHECK(child.SettledState() == 'S');
}

TEST_CASE("stopped copy: nor does it stand while its pages are looked for") {
  // Nothing is written to it, but the kernel is asked about 4 MB at a time.
  constexpr size_t kReserved = size_t{8} << 30;
  void* const reserved =
      ::mmap(nullptr, kReserved, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  REQUIRE(reserved != MAP_FAILED);
  const Child child;
  ::munmap(reserved, kReserved);
  const ProcessMemory memory(child.pid());
  StoppedCopyLimits limits;
  limits.pause = std::chrono::milliseconds(100);
  const TickingClock clock;
  PythonRuntime runtime;
  const auto copy = CopyStopped(child.process(), memory, runtime, limits, clock,
                                Deadline::Never(clock));
  REQUIRE_FALSE(copy.has_value());
  CHECK(copy.error().code == ETIMEDOUT);
  constexpr uint64_t kLooksBefore = kReserved / (size_t{4} << 20);
  CHECK(clock.looks() > kLooksBefore);
  CHECK(clock.looks() < kLooksBefore + 1000);
  CHECK(child.SettledState() == 'S');
}

TEST_CASE("stopped copy: an error of the memory is passed on") {
  const Child child;
  const ProcessMemory live(child.pid());
  const int code = GENERATE(ESRCH, EPERM);
  const FaultyMemory memory(live, [code](size_t, RemoteAddr, size_t) {
    return Fault{code, {}};
  });
  const auto copy = Copy(child, memory);
  REQUIRE_FALSE(copy.has_value());
  CHECK(copy.error().code == code);
}

}  // namespace
}  // namespace leak_exporter::cpython
