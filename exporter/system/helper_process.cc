#include "exporter/system/helper_process.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "metrics/base/helper_comm.h"

namespace leak_exporter {
namespace {

// Where the helper keeps its socket: the first after the standard streams.
constexpr int kSocket = 3;

void IgnoreSignals() {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE}) {
    std::signal(signal, SIG_IGN);
  }
}

/// Closes all descriptors but the socket. Nobody may wait for the helper to
/// close the program's output, and no address may stay taken because of it.
void KeepOnlySocket(int socket) {
  ::dup3(socket, kSocket, O_CLOEXEC);
  if (socket != kSocket) ::close(socket);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (null < 0 || ::dup2(null, fd) < 0) ::close(fd);
  }
  // close_range(2) came with Linux 5.9.
  if (::close_range(kSocket + 1, ~0U, 0) != 0) {
    for (int fd = kSocket + 1; fd < 1024; ++fd) ::close(fd);
  }
}

/// Where the kernel does not allow it, the helper has the rights of this
/// process, as it had before.
void DropRights() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  ::syscall(SYS_capset, &header, none.data());
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

[[noreturn]] void Serve(int socket, pid_t parent,
                        const HelperProcess::Answer& answer) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);
  ::prctl(PR_SET_NAME, kHelperComm.data());
  IgnoreSignals();
  KeepOnlySocket(socket);
  DropRights();
  std::array<char, HelperProcess::kMostBytes> request{};
  while (true) {
    const ssize_t size = ::recv(kSocket, request.data(), request.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) ::_exit(0);
    std::string text =
        answer(std::string_view(request.data(), static_cast<size_t>(size)));
    text.resize(std::min(text.size(), HelperProcess::kMostBytes));
    // An empty message would read as the end.
    if (text.empty()) text.push_back(' ');
    if (::send(kSocket, text.data(), text.size(), MSG_NOSIGNAL) < 0) {
      ::_exit(0);
    }
  }
}

tl::unexpected<Error> NoAnswer() {
  return Failure(ETIMEDOUT, "the helper process does not answer");
}

tl::unexpected<Error> Ended() {
  return Failure(EPIPE, "the helper process has ended");
}

}  // namespace

Result<HelperProcess> HelperProcess::Start(const Answer& answer) {
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets.data()) !=
      0) {
    const int code = errno;
    return Failure(
        code, std::string("cannot start a helper: ") + std::strerror(code));
  }
  UniqueFd ours(sockets[0]);
  const UniqueFd theirs(sockets[1]);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    const int code = errno;
    return Failure(
        code, std::string("cannot start a helper: ") + std::strerror(code));
  }
  if (pid == 0) Serve(theirs.get(), parent, answer);
  return HelperProcess(pid, std::move(ours));
}

HelperProcess::HelperProcess(pid_t pid, UniqueFd socket)
    : pid_(pid), socket_(std::move(socket)) {}

HelperProcess::HelperProcess(HelperProcess&& other) noexcept
    : pid_(other.pid_),
      socket_(std::move(other.socket_)),
      unanswered_(other.unanswered_) {}

HelperProcess::~HelperProcess() {
  if (!socket_.valid()) return;
  socket_.Reset();
  // It may hang in what it was asked. It is killed when this process ends.
  ::waitpid(pid_, nullptr, WNOHANG);
}

Result<std::string> HelperProcess::Ask(std::string_view request,
                                       std::chrono::milliseconds patience) {
  const std::lock_guard lock(mutex_);
  if (unanswered_) ForgetLateAnswer();
  if (!socket_.valid()) return Ended();
  if (unanswered_) return NoAnswer();
  if (::send(socket_.get(), request.data(),
             std::min(request.size(), kMostBytes),
             MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    socket_.Reset();
    ::waitpid(pid_, nullptr, WNOHANG);
    return Ended();
  }
  unanswered_ = true;
  return Receive(patience);
}

void HelperProcess::ForgetLateAnswer() {
  static_cast<void>(Receive(std::chrono::milliseconds(0)));
}

Result<std::string> HelperProcess::Receive(std::chrono::milliseconds patience) {
  pollfd waiting{socket_.get(), POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(patience.count())) != 1) {
    return NoAnswer();
  }
  std::string answer(kMostBytes, '\0');
  const ssize_t size =
      ::recv(socket_.get(), answer.data(), answer.size(), MSG_DONTWAIT);
  if (size <= 0) {
    socket_.Reset();
    ::waitpid(pid_, nullptr, WNOHANG);
    return Ended();
  }
  unanswered_ = false;
  answer.resize(static_cast<size_t>(size));
  return answer;
}

}  // namespace leak_exporter
