#include "metrics/collectors/support/descriptor_table.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "metrics/base/clock.h"
#include "tests/catch.h"
#include "tests/fake_proc.h"
#include "tests/scratch_directory.h"
#include "tests/waiting_process.h"

namespace leak_exporter {
namespace {

namespace fs = std::filesystem;
using Kinds = std::array<uint64_t, kFileKinds>;

struct Read {
  Result<DescriptorTable> table;
  FileStates states;
  ErrorTally errors;
};

Read ReadTable(const procfs::ProcessHandle& process,
               std::optional<size_t> most_path_bytes = 10000,
               bool in_time = true) {
  const SystemClock clock;
  std::string buffer;
  Read read{DescriptorTable(), {}, {}};
  read.table = ReadDescriptorTable(
      process,
      in_time ? Deadline::Never(clock)
              : Deadline(clock, std::chrono::steady_clock::time_point()),
      most_path_bytes, buffer, read.states, read.errors);
  return read;
}

/// A made-up process 7 whose descriptors lead where a test says.
class Descriptors {
 public:
  Descriptors() {
    proc_.Write(7, "limits", "");
    fs::create_directory(Path());
    for (const char* const link : {"/7/exe", "/7/root"}) {
      fs::create_symlink("/", proc_.root() + link);
    }
  }

  void Set(int number, const std::string& target) {
    const std::string link = Path() + "/" + std::to_string(number);
    fs::remove(link);
    fs::create_symlink(target, link);
  }
  procfs::ProcessHandle Open() const { return proc_.Open(7); }
  std::string Path() const { return proc_.root() + "/7/fd"; }

 private:
  FakeProc proc_;
};

TEST_CASE("descriptor_table: the kind, by type and only then by text") {
  struct Case {
    mode_t type;
    uint32_t links;
    std::string target;
    FileKind kind;
  };
  const auto [type, links, target, kind] =
      GENERATE(Case{S_IFREG, 1, "/tmp/a", FileKind::kFile},
               Case{S_IFREG, 2, "/tmp/a (deleted)", FileKind::kFile},
               Case{S_IFREG, 0, "/tmp/a (deleted)", FileKind::kDeletedFile},
               // A path too long for the kernel to tell.
               Case{S_IFREG, 1, "", FileKind::kFile},
               Case{S_IFREG, 0, "", FileKind::kDeletedFile},
               Case{S_IFREG, 0, "/dev/shm/x (deleted)", FileKind::kDeletedFile},
               Case{S_IFREG, 0, "/memfd:x (deleted)", FileKind::kOther},
               Case{S_IFREG, 1, "/memfd:x", FileKind::kFile},
               Case{S_IFREG, 1, "net:[4026531840]", FileKind::kOther},
               // pidfds, kernels 6.9 and 6.10.
               Case{S_IFREG, 1, "pidfd:[7]", FileKind::kOther},
               Case{S_IFREG, 1, "anon_inode:[pidfd]", FileKind::kAnonInode},
               Case{0, 1, "anon_inode:[eventpoll]", FileKind::kAnonInode},
               Case{0, 1, "anon_inode:inotify", FileKind::kAnonInode},
               Case{0, 1, "/dmabuf:", FileKind::kOther},
               Case{0, 1, "", FileKind::kOther},
               Case{S_IFDIR, 0, "", FileKind::kDirectory},
               Case{S_IFSOCK, 1, "", FileKind::kSocket},
               Case{S_IFIFO, 1, "", FileKind::kPipe},
               Case{S_IFCHR, 1, "", FileKind::kDevice},
               Case{S_IFBLK, 1, "", FileKind::kDevice},
               Case{S_IFLNK, 1, "", FileKind::kOther});
  CAPTURE(type, links, target);
  procfs::Descriptor descriptor;
  descriptor.type = type;
  descriptor.links = links;
  descriptor.target = target;
  CHECK(KindOf(descriptor) == kind);
}

TEST_CASE("descriptor_table: what a process has open, and its files' paths") {
  const ScratchDirectory directory;
  const std::string at = directory.path() + "/";
  for (const std::string name : {"b", "a", "odd (deleted)"}) {
    std::ofstream(at + name) << "x";
  }
  Descriptors descriptors;
  descriptors.Set(0, "/dev/null");
  descriptors.Set(1, at + "b");
  descriptors.Set(2, at + "a");
  descriptors.Set(3, at + "a");
  descriptors.Set(4, at + "odd (deleted)");
  descriptors.Set(5, at);
  const procfs::ProcessHandle process = descriptors.Open();
  const Read read = ReadTable(process);
  REQUIRE(read.table);
  CHECK(read.table->by_kind == Kinds{4, 0, 1, 0, 0, 1, 0, 0});
  CHECK(read.table->Total() == 6);
  CHECK(read.table->files.size() == 4);
  CHECK(read.table->lists_all_files);
  CHECK_FALSE(read.table->has_failures);
  CHECK(read.table->limit == std::nullopt);
  CHECK(read.table->paths ==
        std::vector<std::string>{at + "a", at + "b", at + "odd (deleted)"});
  CHECK(read.errors.errors().empty());
  for (const DescriptorTable::File& file : read.table->files) {
    REQUIRE(read.states.Find(file.id) != nullptr);
    CHECK_FALSE(read.states.Find(file.id)->deleted);
    CHECK(file.deleted_bytes == 0);
  }
  CHECK(ReadTable(process, std::nullopt).table->paths.empty());
}

TEST_CASE("descriptor_table: paths are listed as far as there is room") {
  const ScratchDirectory directory;
  const std::string at = directory.path() + "/";
  Descriptors descriptors;
  for (int number = 0; number < 6; ++number) {
    const std::string path = at + static_cast<char>('a' + number / 2);
    std::ofstream(path) << "x";
    descriptors.Set(number, path);
  }
  const procfs::ProcessHandle process = descriptors.Open();
  const size_t each = ListedBytes(at + "a");
  // Each path counts once.
  const Read whole = ReadTable(process, 3 * each);
  CHECK(whole.table->paths.size() == 3);
  CHECK(whole.errors.errors().empty());
  const Read part = ReadTable(process, 3 * each - 1);
  CHECK(part.table->paths.size() == 2);
  CHECK(part.table->Total() == 6);
  CHECK_FALSE(part.table->has_failures);
  REQUIRE(part.errors.errors().size() == 1);
  CHECK(part.errors.errors()[0].cause == ErrorCause::kLimit);
  CHECK(part.errors.errors()[0].count == 1);
}

TEST_CASE("descriptor_table: what cannot be told is other, and counted") {
  Descriptors descriptors;
  descriptors.Set(0, "0");
  descriptors.Set(1, "/dev/null");
  const Read read = ReadTable(descriptors.Open());
  REQUIRE(read.table);
  CHECK(read.table->by_kind == Kinds{0, 0, 0, 0, 0, 1, 0, 1});
  CHECK(read.table->has_failures);
  REQUIRE(read.errors.errors().size() == 1);
  CHECK(read.errors.errors()[0].cause == ErrorCause::kIo);
}

TEST_CASE("descriptor_table: without a list, or in time, there is no table") {
  const FakeProc proc;
  proc.Write(7, "limits", "");
  const Read none = ReadTable(proc.Open(7));
  REQUIRE_FALSE(none.table);
  CHECK(IsGone(none.table.error()));
  Descriptors descriptors;
  descriptors.Set(0, "/dev/null");
  const Read late = ReadTable(descriptors.Open(), 10000, false);
  REQUIRE_FALSE(late.table);
  CHECK(late.table.error().code == ETIMEDOUT);
}

TEST_CASE("descriptor_table: a file deleted since it was read is found out") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/file";
  std::ofstream(path) << std::string(10'000, 'x');
  const WaitingProcess child([&] {
    WaitingProcess::CloseStandardStreams();
    ::open(path.c_str(), O_RDONLY);
  });
  const auto process =
      procfs::ProcessHandle::Open(procfs::ProcFs(), child.pid());
  REQUIRE(process);
  Read read = ReadTable(*process);
  REQUIRE(read.table);
  DescriptorTable& table = *read.table;
  REQUIRE(table.files.size() == 1);
  CHECK(table.by_kind[0] == 1);
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  REQUIRE(::unlink(path.c_str()) == 0);
  // What this discovery knows of the file already is believed.
  CHECK(RefreshDescriptorTable(*process, read.states, table));
  CHECK_FALSE(table.files[0].deleted);
  read.states.Clear();
  CHECK(RefreshDescriptorTable(*process, read.states, table));
  CHECK(table.files[0].deleted);
  CHECK(table.files[0].deleted_bytes ==
        static_cast<uint64_t>(status.st_blocks) * 512);
  CHECK(table.by_kind[0] == 0);
  CHECK(table.by_kind[1] == 1);
  CHECK(read.states.Find(table.files[0].id)->deleted);
}

TEST_CASE("descriptor_table: what must be read again") {
  const ScratchDirectory directory;
  const std::string at = directory.path() + "/";
  std::ofstream(at + "one") << "x";
  std::ofstream(at + "two") << "x";
  Descriptors descriptors;
  descriptors.Set(0, at + "one");
  const procfs::ProcessHandle process = descriptors.Open();
  const auto refresh = [&](DescriptorTable table) {
    FileStates states;
    return RefreshDescriptorTable(process, states, table);
  };
  DescriptorTable table = *ReadTable(process).table;
  CHECK(refresh(table));
  table.has_failures = true;
  CHECK_FALSE(refresh(table));
  table.has_failures = false;
  table.lists_all_files = false;
  CHECK_FALSE(refresh(table));
  table.lists_all_files = true;
  // The number stands for another file, or for none.
  descriptors.Set(0, at + "two");
  CHECK_FALSE(refresh(table));
  descriptors.Set(0, at + "missing");
  CHECK_FALSE(refresh(table));
}

TEST_CASE("descriptor_table: file states are bounded") {
  FileStates states;
  CHECK(states.Find({1, 1}) == nullptr);
  states.Set({1, 1}, {true, 4096});
  REQUIRE(states.Find({1, 1}) != nullptr);
  CHECK(states.Find({1, 1})->deleted_bytes == 4096);
  states.Set({1, 1}, {false, 0});
  CHECK_FALSE(states.Find({1, 1})->deleted);
  CHECK(states.Find({2, 1}) == nullptr);
  for (uint64_t inode = 2; inode <= kMostOpenFiles; ++inode) {
    states.Set({1, inode}, {});
  }
  CHECK(states.Find({1, kMostOpenFiles}) != nullptr);
  states.Set({1, kMostOpenFiles + 1}, {});
  CHECK(states.Find({1, kMostOpenFiles + 1}) == nullptr);
  states.Clear();
  CHECK(states.Find({1, 1}) == nullptr);
}

}  // namespace
}  // namespace leak_exporter
