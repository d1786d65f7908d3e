#include "metrics/disk/directory_reader.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "metrics/base/unique_fd.h"
#include "tests/catch.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

using Names = std::vector<std::string>;

// Room for one entry with the longest of names (struct linux_dirent64).
constexpr size_t kLargestEntry = 280;

UniqueFd OpenDirectory(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(fd.valid());
  return fd;
}

void Touch(const std::string& path) { std::ofstream{path}; }

// All names, sorted, and in how many batches they came.
struct Read {
  Names names;
  size_t batches = 0;
};

Read ReadAll(DirectoryReader& reader, int fd, size_t max_bytes) {
  Read read;
  for (;;) {
    const auto more = reader.Fill(fd, max_bytes);
    REQUIRE(more);
    if (!*more) break;
    ++read.batches;
    while (const char* name = reader.Next()) read.names.emplace_back(name);
  }
  CHECK(reader.Next() == nullptr);
  std::sort(read.names.begin(), read.names.end());
  return read;
}

TEST_CASE("directory_reader: every name once, but for itself and its parent") {
  const ScratchDirectory directory;
  const Names names = {" ",         "-rf",     "...",
                       "..a",       ".hidden", "a",
                       "new\nline", "sub",     std::string(255, 'n'),
                       "\xff\xfe"};
  for (const std::string& name : names) {
    if (name != "sub") Touch(directory.path() + "/" + name);
  }
  std::filesystem::create_directory(directory.path() + "/sub");
  DirectoryReader reader;
  const UniqueFd fd = OpenDirectory(directory.path());
  const Read read = ReadAll(reader, fd.get(), DirectoryReader::kBufferBytes);
  Names sorted = names;
  std::sort(sorted.begin(), sorted.end());
  CHECK(read.names == sorted);
  CHECK(read.batches == 1);
}

TEST_CASE("directory_reader: many names come in batches of the size allowed") {
  const ScratchDirectory directory;
  Names names;
  for (int i = 100; i < 400; ++i) {
    names.push_back("file" + std::to_string(i));
    Touch(directory.path() + "/" + names.back());
  }
  DirectoryReader reader;
  const UniqueFd fd = OpenDirectory(directory.path());
  const Read small = ReadAll(reader, fd.get(), kLargestEntry);
  CHECK(small.names == names);
  // An entry of such a name takes 32 bytes.
  CHECK(small.batches >= 300 * 32 / kLargestEntry);
  REQUIRE(::lseek(fd.get(), 0, SEEK_SET) == 0);
  CHECK(ReadAll(reader, fd.get(), size_t{1} << 30).names == names);
}

TEST_CASE("directory_reader: an empty directory, and one that was removed") {
  const ScratchDirectory directory;
  const std::string gone = directory.path() + "/gone";
  std::filesystem::create_directory(gone);
  DirectoryReader reader;
  const UniqueFd fd = OpenDirectory(gone);
  CHECK(ReadAll(reader, fd.get(), DirectoryReader::kBufferBytes).names.empty());
  std::filesystem::remove(gone);
  CHECK(reader.Fill(fd.get()).value() == false);
  CHECK(reader.Next() == nullptr);
}

TEST_CASE("directory_reader: one reader serves one directory after another") {
  const ScratchDirectory first;
  const ScratchDirectory second;
  Touch(first.path() + "/left_over");
  Touch(second.path() + "/other");
  DirectoryReader reader;
  CHECK(reader.Next() == nullptr);
  const UniqueFd first_fd = OpenDirectory(first.path());
  REQUIRE(reader.Fill(first_fd.get()).value());
  const UniqueFd second_fd = OpenDirectory(second.path());
  const Read read = ReadAll(reader, second_fd.get(), kLargestEntry);
  CHECK(read.names == Names{"other"});
}

TEST_CASE("directory_reader: errors are the errno, and leave no names") {
  const ScratchDirectory directory;
  Touch(directory.path() + "/file");
  DirectoryReader reader;
  const UniqueFd fd = OpenDirectory(directory.path());
  REQUIRE(reader.Fill(fd.get()).value());
  const UniqueFd file(
      ::open((directory.path() + "/file").c_str(), O_RDONLY | O_CLOEXEC));
  CHECK(reader.Fill(file.get()).error() == ENOTDIR);
  CHECK(reader.Next() == nullptr);
  CHECK(reader.Fill(-1).error() == EBADF);
  // No entry fits.
  REQUIRE(::lseek(fd.get(), 0, SEEK_SET) == 0);
  CHECK(reader.Fill(fd.get(), 1).error() == EINVAL);
  CHECK(reader.Next() == nullptr);
}

}  // namespace
}  // namespace leak_exporter
