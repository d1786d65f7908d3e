#include "exporter/service/socket_helper.h"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace leak_exporter {
namespace {

constexpr std::chrono::milliseconds kPatience{500};
constexpr std::string_view kAskHttp = "ask http";
constexpr std::string_view kAskTls = "ask tls";
constexpr std::string_view kRemove = "remove";
constexpr std::string_view kYes = "yes";
constexpr std::string_view kNo = "no";

/// What the helper remembers, in its own process.
struct Duties {
  Watchdog http;
  Watchdog tls;
  std::vector<http::SocketFile> files;

  std::string_view Do(std::string_view request) {
    if (request == kRemove) {
      for (const http::SocketFile& file : files) file.Remove();
      return kYes;
    }
    Watchdog& watchdog = request == kAskTls ? tls : http;
    return watchdog.Check(std::chrono::milliseconds(0)) ? kYes : kNo;
  }
};

}  // namespace

SocketHelper::SocketHelper(HelperProcess process)
    : process_(std::move(process)) {}

Result<SocketHelper> SocketHelper::Start(
    std::vector<http::ListenSocket>& sockets) {
  Duties duties{Watchdog(sockets, Watchdog::Protocol::kHttp),
                Watchdog(sockets, Watchdog::Protocol::kTls),
                {}};
  for (http::ListenSocket& socket : sockets) {
    if (auto file = socket.TakeFile()) duties.files.push_back(*std::move(file));
  }
  // Only the helper's copy of the duties is ever used.
  return HelperProcess::Start([&duties](std::string_view request) {
           return std::string(duties.Do(request));
         })
      .map([](HelperProcess process) {
        return SocketHelper(std::move(process));
      });
}

Result<void> SocketHelper::CheckAnswers(Watchdog::Protocol protocol) {
  const auto answer = process_.Ask(
      protocol == Watchdog::Protocol::kTls ? kAskTls : kAskHttp, kPatience);
  if (!answer) return tl::unexpected<Error>(answer.error());
  if (*answer == kYes) return {};
  return Failure(0, "the server does not answer");
}

Result<void> SocketHelper::RemoveFiles() {
  return process_.Ask(kRemove, kPatience).map([](const std::string&) {});
}

}  // namespace leak_exporter
