#include "metrics/disk/kernel_filesystem.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "metrics/base/unique_fd.h"
#include "tests/catch.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

bool IsKernelFilesystemAt(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(fd.valid());
  return IsKernelFilesystem(fd.get()).value();
}

TEST_CASE("kernel_filesystem: what the kernel shows of itself") {
  CHECK(IsKernelFilesystemAt("/proc"));
  CHECK(IsKernelFilesystemAt("/proc/self/status"));
  CHECK(IsKernelFilesystemAt("/proc/self/ns/mnt"));
  // Where they are mounted.
  for (const char* const path : {"/sys/kernel", "/dev/pts/ptmx"}) {
    if (::access(path, R_OK) == 0) CHECK(IsKernelFilesystemAt(path));
  }
}

TEST_CASE("kernel_filesystem: disk and memory that a program holds") {
  const ScratchDirectory directory;
  CHECK_FALSE(IsKernelFilesystemAt(directory.path()));
  const UniqueFd memory(::memfd_create("held", MFD_CLOEXEC));
  CHECK_FALSE(IsKernelFilesystem(memory.get()).value());
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  CHECK_FALSE(IsKernelFilesystem(read_end.get()).value());
}

TEST_CASE("kernel_filesystem: a descriptor opened by path only tells it too") {
  const UniqueFd fd(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  CHECK(IsKernelFilesystem(fd.get()).value());
}

TEST_CASE("kernel_filesystem: of what is not open nothing is known") {
  CHECK(IsKernelFilesystem(-1).error() == EBADF);
}

}  // namespace
}  // namespace leak_exporter
