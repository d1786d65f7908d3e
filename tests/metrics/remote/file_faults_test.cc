#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "metrics/remote/elf_file.h"
#include "metrics/remote/file_backed_memory.h"
#include "metrics/remote/image_memory.h"
#include "metrics/remote/resident_ranges.h"
#include "tests/catch.h"
#include "tests/fake_clock.h"
#include "tests/fake_proc.h"
#include "tests/fault_injection.h"
#include "tests/metrics/remote/fake_pagemap.h"
#include "tests/metrics/remote/reading.h"

/// What reads files for a process's memory, while one system call after another
/// fails.
namespace leak_exporter {
namespace {

using std::chrono::seconds;

const std::vector<CallFault> kFailures = {{.name = "EACCES", .code = EACCES},
                                          {.name = "EIO", .code = EIO},
                                          {.name = "ENOMEM", .code = ENOMEM},
                                          {.name = "EMFILE", .code = EMFILE}};
const std::vector<CallFault> kNoFailures = {
    {.name = "interruption", .code = EINTR},
    {.name = "short read", .cut = true}};

/// Calls `check` with what `read` returns at each call, and otherwise.
template <typename Read, typename Check>
void AtEachCall(const std::string& root, const std::vector<CallFault>& faults,
                const Read& read, const Check& check) {
  FakeClock clock(seconds(1000));
  size_t calls = 0;
  const auto undisturbed = [&] {
    const FaultInjection counting({root}, clock);
    auto result = read(clock);
    calls = counting.calls();
    return result;
  }();
  REQUIRE(calls > 0);
  for (const CallFault& fault : faults) {
    for (size_t at = 0; at < calls; ++at) {
      const FaultInjection injection({root}, clock, fault, at);
      INFO(fault.name << " at " << at << " of " << calls);
      check(fault, read(clock), undisturbed);
    }
  }
}

/// The number of sections, and of symbols that were found.
Result<std::string> ReadOwnTables(const FileMemory& file, const Clock& clock) {
  return ReadElfFile(file, {"main", "fault_injection_test_has_none"},
                     Deadline::After(clock, seconds(10)))
      .map([](const ElfFileTables& tables) {
        return std::to_string(tables.sections.size()) + " " +
               std::to_string(tables.symbols.size());
      });
}

TEST_CASE(
    "faults in an ELF file: its tables are whole, or it is said why not") {
  const std::string path = std::filesystem::canonical("/proc/self/exe");
  const FileMemory file(UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)),
                        path);
  const auto read = [&](const Clock& clock) {
    return ReadOwnTables(file, clock);
  };
  REQUIRE(read(SystemClock()).value().ends_with(" 1"));
  AtEachCall(path, kFailures, read,
             [](const CallFault& fault, const auto& result, const auto& whole) {
               if (result) {
                 CHECK(*result == *whole);
               } else {
                 CHECK(result.error().code == fault.code);
               }
             });
  AtEachCall(path, kNoFailures, read,
             [](const CallFault&, const auto& result, const auto& whole) {
               REQUIRE(result.has_value());
               CHECK(*result == *whole);
             });
  AtEachCall(path, {{.name = "slow", .duration = seconds(60)}}, read,
             [](const CallFault&, const auto& result, const auto& whole) {
               if (result) {
                 CHECK(*result == *whole);
               } else {
                 CHECK(result.error().code == ETIMEDOUT);
               }
             });
}

/// A process with two pages of a file, of which it has touched the second.
class MappedFile {
 public:
  static constexpr pid_t kPid = 7;

  MappedFile() {
    const auto page = static_cast<size_t>(FakePagemap::PageBytes());
    content_ = std::string(page, 'a') + std::string(page, 'b');
    const std::string name = "root/opt/library.so";
    proc_.Write(kPid, name, content_);
    FakePagemap pagemap;
    pagemap.SetUntouched(16);
    pagemap.SetPresent(17);
    pagemap.SetUntouched(18);
    pagemap.Write(proc_, kPid);
    mapping_.start = 16 * page;
    mapping_.end = 18 * page;
    mapping_.readable = true;
    struct stat status {};
    const std::string path =
        proc_.root() + "/" + std::to_string(kPid) + "/" + name;
    REQUIRE(::stat(path.c_str(), &status) == 0);
    mapping_.inode = status.st_ino;
    mapping_.name = "/opt/library.so";
    map_.Add(mapping_);
  }

  const FakeProc& proc() const { return proc_; }
  const MemoryMap& map() const { return map_; }
  RemoteAddr begin() const { return RemoteAddr{mapping_.start}; }
  AddressRange range() const { return RangeOf(mapping_); }
  const std::string& content() const { return content_; }

 private:
  FakeProc proc_;
  std::string content_;
  procfs::Mapping mapping_;
  MemoryMap map_;
};

TEST_CASE("faults in a mapped file: the memory itself stands in for it") {
  const MappedFile file;
  const auto process = file.proc().Open(MappedFile::kPid);
  const auto live =
      ImageMemory::FromSegments({{file.begin(), Bytes(file.content())}});
  std::vector<CallFault> faults = kFailures;
  faults.insert(faults.end(), kNoFailures.begin(), kNoFailures.end());
  AtEachCall(
      file.proc().root(), faults,
      [&](const Clock&) {
        const FileBackedMemory memory(process, file.map(), *live);
        std::string text(file.content().size(), '\0');
        const auto read = memory.ReadExact(
            file.begin(),
            std::as_writable_bytes(std::span(text.data(), text.size())));
        return read ? text : read.error().message;
      },
      [&](const CallFault&, const std::string& text, const std::string&) {
        CHECK((text == file.content()));
      });
}

TEST_CASE(
    "faults in a pagemap: everything is read, where it does not tell, "
    "but nothing for want of descriptors") {
  const MappedFile file;
  const auto process = file.proc().Open(MappedFile::kPid);
  std::vector<CallFault> faults = kFailures;
  faults.insert(faults.end(), kNoFailures.begin(), kNoFailures.end());
  const std::vector<AddressRange> all = {file.range()};
  AtEachCall(
      file.proc().root(), faults,
      [&](const Clock& clock) {
        return ResidentRanges(process, all, Deadline::Never(clock));
      },
      [&](const CallFault& fault, const ResidentMemory& resident,
          const ResidentMemory& undisturbed) {
        REQUIRE(undisturbed.ranges != all);
        REQUIRE(undisturbed.incomplete == "");
        if (resident.ranges == undisturbed.ranges) return;
        const bool exhausted = fault.code == EMFILE || fault.code == ENOMEM;
        if (exhausted && resident.ranges.empty()) {
          CHECK(resident.incomplete != "");
        } else {
          CHECK(fault.code != EMFILE);
          CHECK(resident.ranges == all);
          CHECK(resident.incomplete == "");
        }
      });
}

}  // namespace
}  // namespace leak_exporter
