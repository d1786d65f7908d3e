#include "exporter/http/client_socket.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "exporter/http/listen_socket.h"
#include "tests/catch.h"
#include "tests/exporter/stream_client.h"
#include "tests/scratch_directory.h"

namespace leak_exporter::http {
namespace {

TcpEnd End(const std::string& address, uint16_t port) {
  TcpEnd end;
  REQUIRE(::inet_pton(AF_INET6, address.c_str(), &end.address) == 1);
  end.port = port;
  return end;
}

constexpr std::string_view kTcp =
    R"(  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:273A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 100 1 0000000000000000 100 0 0 10 0
   1: 0100007F:273A 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 101 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:C350 0100007F:273A 01 00000000:00000000 00:00000000 00000000  1000        0 102 1 0000000000000000 20 4 30 10 -1
   3: 0100007F:C351 0100007F:273A 04 00000000:00000000 00:00000000 00000000     0        0 0 1 0000000000000000 20 4 30 10 -1
   4: 0100007F:C352 0100007F:273A 01 00000000
)";

constexpr std::string_view kTcp6 =
    R"(  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:C350 00000000000000000000000001000000:273A 01 00000000:00000000 00:00000000 00000000  1001        0 103 1 0000000000000000 20 4 30 10 -1
   1: 0000000000000000FFFF00000100007F:C353 0000000000000000FFFF00000100007F:273A 01 00000000:00000000 00:00000000 00000000  1002        0 104 1 0000000000000000 20 4 30 10 -1
)";

TEST_CASE("client socket: its owner is in the table of its family") {
  const TcpEnd server = End("::ffff:127.0.0.1", 10042);
  CHECK(FindOwner(kTcp, End("::ffff:127.0.0.1", 50000), server) == 1000);
  CHECK(FindOwner(kTcp6, End("::1", 50000), End("::1", 10042)) == 1001);
  CHECK(FindOwner(kTcp6, End("::ffff:127.0.0.1", 50003), server) == 1002);
}

TEST_CASE(
    "client socket: without a process, or a whole line, it has no owner") {
  const TcpEnd server = End("::ffff:127.0.0.1", 10042);
  // Closed by its process; the kernel shows root.
  CHECK(FindOwner(kTcp, End("::ffff:127.0.0.1", 50001), server) ==
        std::nullopt);
  CHECK(FindOwner(kTcp, End("::ffff:127.0.0.1", 50002), server) ==
        std::nullopt);
  CHECK(FindOwner(kTcp, End("::ffff:127.0.0.2", 50000), server) ==
        std::nullopt);
  CHECK(FindOwner("", server, server) == std::nullopt);
}

/// The far end of a connection to `address`.
Client Accepted(const ListenAddress& address, bool leave) {
  auto sockets = Listen(address);
  REQUIRE(sockets);
  std::optional<StreamClient> client(sockets->front().address());
  const UniqueFd accepted(::accept(sockets->front().fd(), nullptr, nullptr));
  REQUIRE(accepted.valid());
  if (leave) client.reset();
  return ReadClient(accepted.get());
}

TEST_CASE("client socket: this process is found, over loopback and a path") {
  const ScratchDirectory directory;
  ListenAddress address;
  SECTION("IPv4") { address.host = "127.0.0.1"; }
  SECTION("everywhere") { address.host = ""; }
  SECTION("path") { address.unix_path = directory.path() + "/x"; }
  const Client client = Accepted(address, /*leave=*/false);
  CHECK(client.on_this_machine);
  CHECK(client.owner == ::geteuid());
  CHECK_FALSE(client.authenticated);
}

TEST_CASE("client socket: a client that has left TCP has no owner") {
  ListenAddress address;
  address.host = "127.0.0.1";
  CHECK(Accepted(address, /*leave=*/true).owner == std::nullopt);
}

}  // namespace
}  // namespace leak_exporter::http
