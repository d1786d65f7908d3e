#include "metrics/disk/file_root.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

namespace fs = std::filesystem;

FileRoot RootAt(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(fd.valid());
  return FileRoot::Of(std::move(fd));
}

// The first bytes of a file, or the errno of opening it.
std::string ReadBelow(const FileRoot& root, const std::string& path) {
  const auto fd = root.Open(path, O_RDONLY);
  if (!fd) return std::to_string(fd.error().code);
  char text[64];
  const ssize_t count = ::read(fd->get(), text, sizeof text);
  return count < 0 ? "unreadable"
                   : std::string(text, static_cast<size_t>(count));
}

TEST_CASE("file_root: this process's own root") {
  const ScratchDirectory directory;
  std::ofstream(directory.path() + "/file") << "content";
  const FileRoot root = FileRoot::Own();
  CHECK(root.own());
  CHECK(ReadBelow(root, directory.path() + "/file") == "content");
  const auto missing = root.Open("/nowhere/at/all", O_PATH);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ENOENT);
  CHECK(missing.error().message ==
        "/nowhere/at/all: No such file or directory");
}

TEST_CASE("file_root: under another root every path stays inside") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  fs::create_directories(top + "/data/sub");
  std::ofstream(top + "/file") << "inside";
  std::ofstream(top + "/data/file") << "data";
  fs::create_symlink("/file", top + "/data/absolute");
  fs::create_symlink("../../../../file", top + "/data/sub/upward");
  fs::create_symlink("/data/sub", top + "/to_sub");
  fs::create_symlink(top + "/file", top + "/to_path_outside");
  fs::create_symlink("loop", top + "/loop");
  const FileRoot root = RootAt(top);
  CHECK_FALSE(root.own());
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"/file", "inside"},
      {"//data//./file", "data"},
      {"/../../file", "inside"},
      {"/data/../file", "inside"},
      {"/data/absolute", "inside"},
      {"/data/sub/upward", "inside"},
      {"/to_sub/upward", "inside"},
      {"/to_sub/../file", "data"},
      {"/to_path_outside", std::to_string(ENOENT)},
      {"/etc/passwd", std::to_string(ENOENT)},
      {"/file/below", std::to_string(ENOTDIR)},
      {"/loop", std::to_string(ELOOP)},
      {"/" + std::string(256, 'n'), std::to_string(ENAMETOOLONG)},
      {"", std::to_string(ENOENT)},
  };
  for (const auto& [path, expected] : cases) {
    CAPTURE(path);
    CHECK(ReadBelow(root, path) == expected);
  }
}

TEST_CASE("file_root: errors name the path as it was given") {
  const ScratchDirectory directory;
  const auto missing = RootAt(directory.path()).Open("/a/../b", O_PATH);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message == "/a/../b: No such file or directory");
}

TEST_CASE("file_root: the links of /proc lead nowhere under another root") {
  // They would lead out of it (proc(5)).
  const auto exe = RootAt("/").Open("/proc/self/exe", O_RDONLY);
  REQUIRE_FALSE(exe);
  CHECK(exe.error().code == ELOOP);
  CHECK(FileRoot::Own().Open("/proc/self/exe", O_RDONLY));
}

TEST_CASE("file_root: what it opens is closed by exec") {
  const FileRoot own = FileRoot::Own();
  const FileRoot other = RootAt("/");
  for (const FileRoot* const root : {&own, &other}) {
    const auto fd = root->Open("/", O_PATH | O_DIRECTORY);
    REQUIRE(fd);
    CHECK((::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC) != 0);
  }
}

TEST_CASE("file_root: roots of one directory in one mount have one id") {
  const ScratchDirectory directory;
  fs::create_directory(directory.path() + "/sub");
  const FileRoot root = RootAt(directory.path());
  CHECK(root.id() == RootAt(directory.path()).id());
  CHECK(root.id() != RootAt(directory.path() + "/sub").id());
  CHECK(root.id() != FileRoot::Own().id());
  CHECK(FileRoot::Own().id() == FileRoot::Own().id());
}

}  // namespace
}  // namespace leak_exporter
