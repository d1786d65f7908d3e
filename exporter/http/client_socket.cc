#include "exporter/http/client_socket.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "metrics/base/read_file.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/procfs/text.h"

namespace leak_exporter::http {
namespace {

// Some 100,000 sockets.
constexpr size_t kMostTableBytes = size_t{16} << 20;

constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0,    0,
                                                   0, 0, 0, 0, 0xff, 0xff};

in6_addr Mapped(const in_addr& four) {
  in6_addr six{};
  std::memcpy(six.s6_addr, kMappedPrefix.data(), kMappedPrefix.size());
  std::memcpy(&six.s6_addr[12], &four, sizeof four);
  return six;
}

std::optional<TcpEnd> EndOf(const sockaddr_storage& name) {
  if (name.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(name);
    return TcpEnd{Mapped(four.sin_addr), ntohs(four.sin_port)};
  }
  if (name.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(name);
    return TcpEnd{six.sin6_addr, ntohs(six.sin6_port)};
  }
  return std::nullopt;
}

bool IsLoopback(const in6_addr& address) {
  return IN6_IS_ADDR_LOOPBACK(&address) ||
         (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == 127);
}

std::string_view TakeField(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const std::string_view field = line.substr(0, line.find(' '));
  line.remove_prefix(field.size());
  return field;
}

/// "0100007F:1F90": each group of eight digits is a word of the address in the
/// byte order of the machine.
std::optional<TcpEnd> ParseEnd(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon != 8 && colon != 32) return std::nullopt;
  TcpEnd end;
  std::array<uint32_t, 4> words{};
  for (size_t i = 0; i * 8 < colon; ++i) {
    const auto word = procfs::ParseNumber<uint32_t>(text.substr(i * 8, 8), 16);
    if (!word) return std::nullopt;
    words[i] = *word;
  }
  if (colon == 8) {
    end.address = Mapped(in_addr{words[0]});
  } else {
    std::memcpy(&end.address, words.data(), sizeof end.address);
  }
  const auto port = procfs::ParseNumber<uint16_t>(text.substr(colon + 1), 16);
  if (!port) return std::nullopt;
  end.port = *port;
  return end;
}

std::optional<sockaddr_storage> NameOf(int fd, decltype(&::getpeername) get) {
  sockaddr_storage name{};
  socklen_t length = sizeof name;
  if (get(fd, reinterpret_cast<sockaddr*>(&name), &length) != 0) {
    return std::nullopt;
  }
  return name;
}

std::optional<uid_t> LookUpOwner(const TcpEnd& client, const TcpEnd& server) {
  const procfs::ProcFs proc_fs;
  std::string buffer;
  for (const char* table : {"self/net/tcp", "self/net/tcp6"}) {
    const auto text = ReadPrefixAt(AT_FDCWD, proc_fs.Path(table).c_str(),
                                   kMostTableBytes, buffer);
    if (!text) continue;
    if (const auto owner = FindOwner(*text, client, server)) return owner;
  }
  return std::nullopt;
}

}  // namespace

bool TcpEnd::operator==(const TcpEnd& other) const {
  return port == other.port &&
         std::memcmp(&address, &other.address, sizeof address) == 0;
}

std::optional<uid_t> FindOwner(std::string_view table, const TcpEnd& client,
                               const TcpEnd& server) {
  while (!table.empty()) {
    std::string_view line = table.substr(0, table.find('\n'));
    table.remove_prefix(std::min(line.size() + 1, table.size()));
    TakeField(line);  // The number of the line.
    if (ParseEnd(TakeField(line)) != client) continue;
    if (ParseEnd(TakeField(line)) != server) continue;
    // State, queues, timer, retransmissions.
    for (int i = 0; i < 4; ++i) TakeField(line);
    const auto user = procfs::ParseNumber<uid_t>(TakeField(line));
    TakeField(line);  // Probes without an answer.
    const auto inode = procfs::ParseNumber<uint64_t>(TakeField(line));
    return inode.value_or(0) == 0 ? std::nullopt : user;
  }
  return std::nullopt;
}

std::optional<sockaddr_storage> PeerOf(int fd) {
  return NameOf(fd, &::getpeername);
}

std::optional<uid_t> PeerUser(int fd) {
  ucred owner{};
  socklen_t length = sizeof owner;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &owner, &length) != 0) {
    return std::nullopt;
  }
  return owner.uid;
}

Client ReadClient(int fd) {
  Client client;
  const auto peer = PeerOf(fd);
  const auto own = NameOf(fd, &::getsockname);
  if (!peer || !own) return client;
  if (own->ss_family == AF_UNIX) {
    client.on_this_machine = true;
    client.owner = PeerUser(fd);
    return client;
  }
  const auto from = EndOf(*peer);
  const auto to = EndOf(*own);
  if (!from || !to || !IsLoopback(from->address) || !IsLoopback(to->address)) {
    return client;
  }
  client.on_this_machine = true;
  client.owner = LookUpOwner(*from, *to);
  return client;
}

}  // namespace leak_exporter::http
