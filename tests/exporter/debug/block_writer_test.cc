#include "exporter/debug/block_writer.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/catch.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

std::string Content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("block writer: blocks are appended to what the file holds") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/profiles.log";
  std::ofstream(path) << "before\n";
  BlockWriter writer(path);
  REQUIRE(writer.Write("one\n"));
  REQUIRE(writer.Write(std::string(1 << 20, 'x') + "\n"));
  CHECK(Content(path) == "before\none\n" + std::string(1 << 20, 'x') + "\n");
}

TEST_CASE("block writer: a new file is not for everybody") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/profiles.log";
  BlockWriter writer(path);
  REQUIRE(writer.Write("one\n"));
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777 & ~0640) == 0);
}

TEST_CASE("block writer: a file that was moved or removed begins anew") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/profiles.log";
  BlockWriter writer(path);
  REQUIRE(writer.Write("one\n"));
  REQUIRE(::rename(path.c_str(), (path + ".1").c_str()) == 0);
  REQUIRE(writer.Write("two\n"));
  CHECK(Content(path + ".1") == "one\n");
  CHECK(Content(path) == "two\n");
  REQUIRE(::unlink(path.c_str()) == 0);
  REQUIRE(writer.Write("three\n"));
  CHECK(Content(path) == "three\n");
  // logrotate's copytruncate
  REQUIRE(::truncate(path.c_str(), 0) == 0);
  REQUIRE(writer.Write("four\n"));
  CHECK(Content(path) == "four\n");
}

TEST_CASE("block writer: what cannot be written is an error, and is retried") {
  const ScratchDirectory directory;
  const std::string folder = directory.path() + "/later";
  BlockWriter writer(folder + "/profiles.log");
  const auto failed = writer.Write("one\n");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ENOENT);
  CHECK(failed.error().message ==
        folder + "/profiles.log: No such file or directory");
  REQUIRE(::mkdir(folder.c_str(), 0700) == 0);
  REQUIRE(writer.Write("two\n"));
  CHECK(Content(folder + "/profiles.log") == "two\n");

  BlockWriter full("/dev/full");
  const auto refused = full.Write("one\n");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ENOSPC);
}

}  // namespace
}  // namespace leak_exporter
