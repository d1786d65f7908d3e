#include "exporter/http/listen_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>
#include <utility>

#include "tests/catch.h"
#include "tests/exporter/stream_client.h"
#include "tests/scratch_directory.h"

namespace leak_exporter::http {
namespace {

ListenAddress Tcp(const std::string& host, uint16_t port = 0) {
  ListenAddress address;
  address.host = host;
  address.port = port;
  return address;
}

ListenAddress Unix(const std::string& path) {
  ListenAddress address;
  address.unix_path = path;
  return address;
}

std::string PortOf(const std::string& address) {
  return address.substr(address.rfind(':') + 1);
}

bool HasIpv6() { return Listen(Tcp("::1")).has_value(); }

TEST_CASE("listen: a numeric address, the kernel chooses the port") {
  const auto sockets = Listen(Tcp("127.0.0.1"));
  REQUIRE(sockets);
  REQUIRE(sockets->size() == 1);
  const std::string address = sockets->front().address();
  CHECK(address.starts_with("127.0.0.1:"));
  CHECK(PortOf(address) != "0");
  CHECK_NOTHROW(StreamClient(address));
}

TEST_CASE("listen: an IPv6 address does not take IPv4") {
  if (!HasIpv6()) {
    WARN("this machine has no IPv6: the case is not tried");
    return;
  }
  const auto sockets = Listen(Tcp("::1"));
  const std::string address = sockets->front().address();
  CHECK(address.starts_with("[::1]:"));
  CHECK_NOTHROW(StreamClient(address));
  CHECK_THROWS(StreamClient("127.0.0.1:" + PortOf(address)));
}

TEST_CASE("listen: no host means IPv4 and IPv6") {
  const auto sockets = Listen(Tcp(""));
  REQUIRE(sockets);
  const std::string port = PortOf(sockets->front().address());
  CHECK_NOTHROW(StreamClient("127.0.0.1:" + port));
  if (HasIpv6()) CHECK_NOTHROW(StreamClient("[::1]:" + port));
}

TEST_CASE("listen: a name is resolved") {
  const auto sockets = Listen(Tcp("localhost"));
  REQUIRE(sockets);
  for (const ListenSocket& socket : *sockets) {
    CHECK_NOTHROW(StreamClient(socket.address()));
  }
}

TEST_CASE("listen: failures name the address and the cause") {
  const auto taken = Listen(Tcp("127.0.0.1"));
  REQUIRE(taken);
  const std::string port = PortOf(taken->front().address());
  const auto again =
      Listen(Tcp("127.0.0.1", static_cast<uint16_t>(std::stoi(port))));
  REQUIRE_FALSE(again);
  CHECK(again.error().code == EADDRINUSE);
  CHECK(again.error().message ==
        "cannot listen at 127.0.0.1:" + port + ": Address already in use");

  const auto foreign = Listen(Tcp("192.0.2.1", 1));
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().code == EADDRNOTAVAIL);
  CHECK(foreign.error().message ==
        "cannot listen at 192.0.2.1:1: Cannot assign requested address");

  const auto nowhere = Listen(Unix("/nowhere/at/all.sock"));
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().code == ENOENT);

  const auto overlong = Listen(Unix("/" + std::string(108, 'x')));
  REQUIRE_FALSE(overlong);
  CHECK(overlong.error().code == ENAMETOOLONG);
}

TEST_CASE("listen: a Unix socket goes with its owner") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/x.sock";
  {
    const auto sockets = Listen(Unix(path));
    REQUIRE(sockets);
    CHECK(sockets->front().address() == "unix:" + path);
    CHECK_NOTHROW(StreamClient("unix:" + path));
  }
  CHECK(::access(path.c_str(), F_OK) != 0);
}

TEST_CASE("listen: a Unix socket that was left behind is replaced") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/x.sock";
  {
    auto left = Listen(Unix(path));
    REQUIRE(left);
    REQUIRE(::link(path.c_str(), (path + ".kept").c_str()) == 0);
  }
  REQUIRE(::rename((path + ".kept").c_str(), path.c_str()) == 0);
  const auto sockets = Listen(Unix(path));
  REQUIRE(sockets);
  CHECK_NOTHROW(StreamClient("unix:" + path));
}

TEST_CASE("listen: a Unix socket in use, or another file, is left alone") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/x.sock";
  const auto first = Listen(Unix(path));
  REQUIRE(first);
  const auto second = Listen(Unix(path));
  REQUIRE_FALSE(second);
  CHECK(second.error().code == EADDRINUSE);
  CHECK_NOTHROW(StreamClient("unix:" + path));

  std::ofstream(directory.path() + "/file") << "precious";
  const auto file = Listen(Unix(directory.path() + "/file"));
  REQUIRE_FALSE(file);
  CHECK(file.error().code == EEXIST);
  CHECK(::access((directory.path() + "/file").c_str(), F_OK) == 0);
}

TEST_CASE("listen: the path of a socket that was replaced stays") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/x.sock";
  {
    const auto first = Listen(Unix(path));
    REQUIRE(first);
    REQUIRE(::unlink(path.c_str()) == 0);
    std::ofstream(path) << "another's";
  }
  CHECK(::access(path.c_str(), F_OK) == 0);
}

TEST_CASE("listen: sockets of a service manager are taken over") {
  auto made = Listen(Tcp("127.0.0.1"));
  REQUIRE(made);
  const std::string address = made->front().address();
  // Any descriptors in a row will do.
  const int first = ::fcntl(made->front().fd(), F_DUPFD, 500);
  REQUIRE(first >= 500);
  const std::string pid = std::to_string(::getpid());
  {
    const auto inherited = InheritedSockets(pid.c_str(), "1", first);
    REQUIRE(inherited);
    REQUIRE(inherited->size() == 1);
    CHECK(inherited->front().address() == address);
    CHECK((::fcntl(first, F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK(::fcntl(first, F_GETFD) == -1);
}

TEST_CASE("listen: sockets of the process that started us are not ours") {
  CHECK(IsMeantForUs(std::to_string(::getpid()).c_str()));
  CHECK_FALSE(IsMeantForUs(std::to_string(::getppid()).c_str()));
  for (const char* pid : {static_cast<const char*>(nullptr), "", "x"}) {
    CHECK_FALSE(IsMeantForUs(pid));
  }
}

TEST_CASE("listen: what is no socket of ours to take over is an error") {
  const std::string pid = std::to_string(::getpid());
  const std::string other = std::to_string(::getppid());
  CHECK_FALSE(InheritedSockets(nullptr, nullptr));
  CHECK_FALSE(InheritedSockets(pid.c_str(), nullptr));
  CHECK_FALSE(InheritedSockets(other.c_str(), "1"));
  for (const char* count : {"", "0", "-1", "x", "1 ", "999999999999", "100"}) {
    CAPTURE(count);
    CHECK_FALSE(InheritedSockets(pid.c_str(), count, 500));
  }
  const UniqueFd connected(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int mute = ::fcntl(connected.get(), F_DUPFD, 600);
  const auto inherited = InheritedSockets(pid.c_str(), "1", mute);
  REQUIRE_FALSE(inherited);
  CHECK(inherited.error().code == ENOTSOCK);
  ::close(mute);
}

}  // namespace
}  // namespace leak_exporter::http
