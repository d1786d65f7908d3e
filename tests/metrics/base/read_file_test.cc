#include "metrics/base/read_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/catch.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

TEST_CASE("read_file: a file larger than the first buffer is read whole") {
  const ScratchDirectory directory;
  const std::string content(10'000, 'x');
  std::ofstream(directory.path() + "/big") << content;
  std::string buffer;
  const auto text = ReadFile(directory.path() + "/big", buffer);
  REQUIRE(text);
  CHECK(*text == content);
}

TEST_CASE("read_file: a file whose st_size is 0 is read to its end") {
  std::string buffer;
  const auto text = ReadFile("/proc/self/status", buffer);
  REQUIRE(text);
  CHECK_THAT(std::string(*text), ContainsSubstring("VmRSS:"));
}

TEST_CASE("read_file: a file that fills the buffer is read on") {
  const ScratchDirectory directory;
  const std::string content(3 * 4096, 'x');
  std::ofstream(directory.path() + "/big") << content;
  std::string buffer;
  const auto text = ReadOnceAt(-1, (directory.path() + "/big").c_str(), buffer);
  REQUIRE(text);
  CHECK(*text == content);
}

TEST_CASE("read_file: of an endless file only the prefix is read") {
  std::string buffer;
  const auto text = ReadPrefixAt(-1, "/dev/zero", 10'000, buffer);
  REQUIRE(text);
  CHECK(*text == std::string(10'000, '\0'));
  CHECK(buffer.size() < 20'000);
}

TEST_CASE("read_file: what is read whole is not endless") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/long";
  auto* const read = GENERATE(&ReadFileAt, &ReadOnceAt);
  std::string buffer;
  std::ofstream(path) << std::string(kMostFileBytes, 'x');
  CHECK(read(-1, path.c_str(), buffer));
  std::ofstream(path, std::ios::app) << 'x';
  const auto longer = read(-1, path.c_str(), buffer);
  REQUIRE_FALSE(longer);
  CHECK(longer.error().code == EFBIG);
  CHECK(longer.error().message == path + ": longer than 1048576 bytes");
  CHECK(read(-1, "/dev/zero", buffer).error().code == EFBIG);
  CHECK(buffer.size() <= 2 * kMostFileBytes);
}

TEST_CASE("read_file: a FIFO without a writer does not keep the reader") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/fifo";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  std::string buffer;
  const auto text = ReadPrefixAt(-1, path.c_str(), 64, buffer);
  REQUIRE(text);
  CHECK(text->empty());
}

TEST_CASE("read_file: a shorter file leaves nothing of the one before") {
  const ScratchDirectory directory;
  std::ofstream(directory.path() + "/long") << "something long";
  std::ofstream(directory.path() + "/short") << "ab";
  std::string buffer;
  REQUIRE(ReadFile(directory.path() + "/long", buffer));
  const auto text = ReadFile(directory.path() + "/short", buffer);
  REQUIRE(text);
  CHECK(*text == "ab");
}

TEST_CASE("read_file: errors carry the errno and name the path") {
  std::string buffer;
  const auto missing = ReadFile("/nowhere/at/all", buffer);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ENOENT);
  CHECK(missing.error().message ==
        "/nowhere/at/all: No such file or directory");
  const auto directory = ReadFile("/", buffer);
  REQUIRE_FALSE(directory);
  CHECK(directory.error().code == EISDIR);
}

TEST_CASE("read_file: a link's target, and an error where there is no link") {
  const ScratchDirectory directory;
  REQUIRE(::symlink("some/where", (directory.path() + "/link").c_str()) == 0);
  const auto target = ReadLinkAt(-1, (directory.path() + "/link").c_str());
  REQUIRE(target);
  CHECK(*target == "some/where");
  const auto none = ReadLinkAt(-1, directory.path().c_str());
  REQUIRE_FALSE(none);
  CHECK(none.error().code == EINVAL);
}

}  // namespace
}  // namespace leak_exporter
