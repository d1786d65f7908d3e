#include "metrics/base/unique_fd.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <type_traits>
#include <utility>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

static_assert(!std::is_copy_constructible_v<UniqueFd>);
static_assert(!std::is_copy_assignable_v<UniqueFd>);
static_assert(std::is_nothrow_move_constructible_v<UniqueFd>);
static_assert(!std::is_convertible_v<UniqueFd, int>);
static_assert(!std::is_convertible_v<int, UniqueFd>);

int OpenAny() {
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  return fd;
}

bool IsOpen(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST_CASE("unique_fd: it closes what it owns") {
  const int fd = OpenAny();
  {
    const UniqueFd owner(fd);
    CHECK(owner.valid());
    CHECK(owner.get() == fd);
    CHECK(IsOpen(fd));
  }
  CHECK_FALSE(IsOpen(fd));
}

TEST_CASE("unique_fd: one that owns nothing") {
  UniqueFd none;
  CHECK_FALSE(none.valid());
  CHECK(none.get() == -1);
  none.Reset();
  CHECK(none.Release() == -1);
  // What a system call that failed returned.
  CHECK_FALSE(UniqueFd(-1).valid());
}

TEST_CASE("unique_fd: standard input's number is a descriptor too") {
  UniqueFd owner(0);
  CHECK(owner.valid());
  CHECK(owner.Release() == 0);
}

TEST_CASE("unique_fd: moving hands over, and closes what stood in the way") {
  const int first = OpenAny();
  const int second = OpenAny();
  UniqueFd a(first);
  UniqueFd b(std::move(a));
  CHECK_FALSE(a.valid());
  CHECK(b.get() == first);
  UniqueFd c(second);
  c = std::move(b);
  CHECK_FALSE(b.valid());
  CHECK(c.get() == first);
  CHECK(IsOpen(first));
  CHECK_FALSE(IsOpen(second));
}

TEST_CASE("unique_fd: moved to itself it still owns") {
  const int fd = OpenAny();
  UniqueFd owner(fd);
  UniqueFd& same = owner;
  owner = std::move(same);
  CHECK(owner.get() == fd);
  CHECK(IsOpen(fd));
}

TEST_CASE("unique_fd: what it gives away stays open") {
  const int fd = OpenAny();
  {
    UniqueFd owner(fd);
    CHECK(owner.Release() == fd);
    CHECK_FALSE(owner.valid());
  }
  CHECK(IsOpen(fd));
  ::close(fd);
}

TEST_CASE("unique_fd: reset closes the one before") {
  const int first = OpenAny();
  const int second = OpenAny();
  UniqueFd owner(first);
  owner.Reset(second);
  CHECK_FALSE(IsOpen(first));
  CHECK(owner.get() == second);
  owner.Reset();
  CHECK_FALSE(IsOpen(second));
  CHECK_FALSE(owner.valid());
}

}  // namespace
}  // namespace leak_exporter
