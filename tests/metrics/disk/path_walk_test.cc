#include "metrics/disk/path_walk.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

namespace fs = std::filesystem;

UniqueFd OpenDirectory(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(fd.valid());
  return fd;
}

// What was opened, or why nothing was.
std::string Outcome(const UniqueFd& fd, int code) {
  if (!fd.valid()) return "errno " + std::to_string(code);
  struct stat found {};
  REQUIRE(::fstat(fd.get(), &found) == 0);
  return "inode " + std::to_string(found.st_ino);
}

std::string Ours(int root, const std::string& path, int flags) {
  const UniqueFd fd = OpenBelow(root, path, flags);
  return Outcome(fd, errno);
}

// The kernel's own answer to the same question.
std::string Kernels(int root, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const UniqueFd fd(static_cast<int>(
      ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
  return Outcome(fd, errno);
}

const std::vector<int> kFlags = {O_PATH,
                                 O_PATH | O_DIRECTORY,
                                 O_PATH | O_NOFOLLOW,
                                 O_PATH | O_NOFOLLOW | O_DIRECTORY,
                                 O_RDONLY,
                                 O_RDONLY | O_NOFOLLOW,
                                 O_RDONLY | O_DIRECTORY | O_NOFOLLOW};

void MakeTree(const std::string& top) {
  fs::create_directories(top + "/a/b/c");
  fs::create_directories(top + "/d");
  std::ofstream(top + "/a/f") << "1";
  std::ofstream(top + "/a/b/f") << "2";
  std::ofstream(top + "/f") << "3";
  const std::vector<std::array<std::string, 2>> links = {
      {"/a/b", "/l"},         {"b", "/a/l"},       {"../../../..", "/a/b/l"},
      {"/a/l/../f", "/a/m"},  {"m", "/m"},         {"f/", "/n"},
      {"/d/../a/b/", "/d/l"}, {"missing", "/d/m"}, {"/", "/a/b/m"},
      {".", "/d/n"},          {"..", "/d/d"},      {"./l/./c", "/a/n"}};
  for (const auto& [target, link] : links) {
    fs::create_symlink(target, top + link);
  }
}

TEST_CASE("path_walk: what the kernel opens under a root, and nothing else") {
  const ScratchDirectory directory;
  MakeTree(directory.path());
  const UniqueFd root = OpenDirectory(directory.path());
  const std::vector<std::string> names = {"a", "b", "c", "d",  "f", "l",
                                          "m", "n", ".", "..", ""};
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same paths each time
  for (int i = 0; i < 20'000; ++i) {
    std::string path = random() % 8 == 0 ? "" : "/";
    for (uint64_t components = random() % 7; components > 0; --components) {
      path += names[random() % names.size()] + (random() % 9 == 0 ? "" : "/");
    }
    if (random() % 2 == 0) path += names[random() % names.size()];
    const int flags = kFlags[random() % kFlags.size()];
    const std::string kernels = Kernels(root.get(), path, flags);
    if (kernels != Ours(root.get(), path, flags)) {
      CAPTURE(path, flags);
      REQUIRE(Ours(root.get(), path, flags) == kernels);
    }
  }
}

TEST_CASE("path_walk: 40 links are followed, as the kernel does") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  std::ofstream(top + "/0") << "end";
  for (int i = 1; i <= 42; ++i) {
    fs::create_symlink(std::to_string(i - 1), top + "/" + std::to_string(i));
  }
  const UniqueFd root = OpenDirectory(top);
  for (const int links : {1, 39, 40, 41, 42}) {
    CAPTURE(links);
    const std::string path = "/" + std::to_string(links);
    CHECK(Ours(root.get(), path, O_RDONLY) ==
          Kernels(root.get(), path, O_RDONLY));
  }
}

TEST_CASE("path_walk: paths that are too long are refused") {
  const ScratchDirectory directory;
  std::string path;
  const UniqueFd root = OpenDirectory(directory.path());
  for (int i = 0; i < 300; ++i) {
    path += "/d";
    fs::create_directory(directory.path() + path);
  }
  CHECK(OpenBelow(root.get(), path.substr(0, 400), O_PATH).valid());
  CHECK(Ours(root.get(), path, O_PATH) ==
        "errno " + std::to_string(ENAMETOOLONG));
  CHECK(Ours(root.get(), "/" + std::string(256, 'n') + "/f", O_PATH) ==
        "errno " + std::to_string(ENAMETOOLONG));
  // A link that doubles itself must not grow without end.
  fs::create_symlink("x/" + std::string(3'000, '/') + "x",
                     directory.path() + "/x");
  CHECK(Ours(root.get(), "/x", O_PATH) ==
        "errno " + std::to_string(ENAMETOOLONG));
}

}  // namespace
}  // namespace leak_exporter
