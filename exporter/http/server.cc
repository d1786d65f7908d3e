#include "exporter/http/server.h"

#include <microhttpd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <exception>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "exporter/http/acceptor.h"
#include "exporter/http/client_socket.h"
#include "exporter/http/client_trust.h"
#include "exporter/http/connections.h"
#include "exporter/http/framing.h"
#include "exporter/http/gzip.h"
#include "exporter/http/mhd_request.h"
#include "exporter/http/mhd_response.h"
#include "exporter/http/mhd_tls.h"
#include "exporter/http/negotiation.h"
#include "exporter/http/routes.h"

namespace leak_exporter::http {
namespace {

// Handlers need little stack; large objects are on the heap.
constexpr size_t kThreadStackBytes = size_t{256} << 10;
// A body that fits into one packet gains nothing from compression.
constexpr size_t kLeastPackedBytes = 1024;
// The library's memory for a connection, as a multiple of the size of a head.
// It must not run out, since the library then closes without an answer.
constexpr size_t kMemoryFactor = 4;
constexpr std::ptrdiff_t kMostArguments = 250;
// What connections may take at the end. It is less than the service waits.
constexpr std::chrono::milliseconds kPatienceAtTheEnd{200};

/// The state of one request between the library's calls.
struct Exchange {
  std::shared_ptr<const WebSetup> setup;
  /// As it was sent.
  std::string target;
  /// Past the library.
  bool answered = false;
  bool head_checked = false;
  size_t body_bytes = 0;
};

struct StopDaemon {
  void operator()(MHD_Daemon* daemon) const { MHD_stop_daemon(daemon); }
};
using DaemonHandle = std::unique_ptr<MHD_Daemon, StopDaemon>;

std::string AddressOf(int fd) {
  const auto peer = PeerOf(fd);
  return peer ? ClientOf(fd, *peer) : "gone";
}

}  // namespace

class Server::Implementation {
 public:
  Implementation(std::vector<Route> routes, Logger& logger,
                 const ServerLimits& limits, WebSetupSource web)
      : routes_(std::move(routes)),
        logger_(logger),
        limits_(limits),
        web_(std::move(web)),
        connections_(limits.connections) {}

  /// Begins to accept. `sockets` outlive this object.
  void Start(const std::vector<ListenSocket>& sockets) {
    // The table bounds the connections. The library counts one for a moment
    // longer.
    const auto most = static_cast<unsigned>(8 * limits_.connections.Most());
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION |
                     MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
                     MHD_USE_ITC | MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET;
    const bool encrypts = Setup()->Encrypts();
    if (encrypts) flags |= MHD_USE_TLS;
    // The last option is not for a daemon without TLS.
    daemon_.reset(MHD_start_daemon(
        flags, 0, nullptr, nullptr, &Implementation::OnRequest, this,
        MHD_OPTION_EXTERNAL_LOGGER, &Implementation::OnLog, this,
        MHD_OPTION_URI_LOG_CALLBACK, &Implementation::OnUri, this,
        MHD_OPTION_NOTIFY_COMPLETED, &Implementation::OnCompleted, this,
        MHD_OPTION_NOTIFY_CONNECTION, &Implementation::OnConnection, this,
        MHD_OPTION_CONNECTION_LIMIT, most, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        kMemoryFactor * limits_.header_bytes, MHD_OPTION_THREAD_STACK_SIZE,
        kThreadStackBytes, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
        encrypts ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END,
        &NoCertificate, MHD_OPTION_END));
    if (!daemon_) throw std::runtime_error("cannot serve HTTP");
    acceptor_.emplace(
        sockets, connections_, [this](int fd) { return GiveToLibrary(fd); },
        logger_);
  }

  ~Implementation() {
    acceptor_.reset();
    // A library that is being stopped crashes (0.9.75) where it answers a
    // malformed request by itself. So the connections end before.
    connections_.Stop(kPatienceAtTheEnd);
  }

 private:
  /// The library's only way in. No exception of a handler may pass it.
  static MHD_Result OnRequest(void* self, MHD_Connection* connection,
                              const char* path, const char* method,
                              const char* version, const char* /*upload_data*/,
                              size_t* upload_size, void** exchange) {
    auto& server = *static_cast<Implementation*>(self);
    try {
      return server.Serve(connection, path, method, version, upload_size,
                          exchange);
    } catch (const std::exception& failure) {
      server.logger_.Error("no answer could be made",
                           {{"path", path}, {"error", failure.what()}});
      return MHD_NO;
    }
  }

  /// The line of a request has come. Makes the request's Exchange.
  static void* OnUri(void* self, const char* uri, MHD_Connection* connection) {
    try {
      auto& server = *static_cast<Implementation*>(self);
      server.connections_.Enter(Descriptor(connection), Phase::kHead);
      ConnectionContext* const context = ContextOf(connection);
      if (context == nullptr) return nullptr;
      auto exchange = std::make_shared<Exchange>();
      context->request = exchange;
      exchange->setup = server.Setup();
      exchange->target = uri == nullptr ? "" : uri;
      const auto& target = exchange->target;
      if (std::count(target.begin(), target.end(), '&') > kMostArguments) {
        // The library closes a connection where it has no room for them.
        PastLibrary(connection, *exchange,
                    PlainText(414, "too many arguments"));
        exchange->answered = true;
      }
      return exchange.get();
    } catch (const std::exception&) {
      return nullptr;
    }
  }

  std::shared_ptr<const WebSetup> Setup() const {
    return web_ ? web_() : no_setup_;
  }

  bool GiveToLibrary(int fd) {
    sockaddr_storage peer{};
    socklen_t length = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) != 0) {
      ::close(fd);
      return false;
    }
    return MHD_add_connection(daemon_.get(), fd,
                              reinterpret_cast<const sockaddr*>(&peer),
                              length) == MHD_YES;
  }

  static void OnCompleted(void* self, MHD_Connection* connection,
                          void** exchange,
                          MHD_RequestTerminationCode /*code*/) {
    *exchange = nullptr;
    if (ConnectionContext* const context = ContextOf(connection)) {
      context->request.reset();
    }
    static_cast<Implementation*>(self)->connections_.Enter(
        Descriptor(connection), Phase::kIdle);
  }

  /// The library closes the descriptor after this call.
  static void OnConnection(void* self, MHD_Connection* connection,
                           void** context,
                           MHD_ConnectionNotificationCode code) {
    auto& server = *static_cast<Implementation*>(self);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
      if (!BeginConnection(connection, server.Setup()->tls(), context)) {
        ::shutdown(Descriptor(connection), SHUT_RDWR);
      }
      return;
    }
    EndConnection(context);
    server.connections_.Remove(Descriptor(connection));
  }

  [[gnu::format(printf, 2, 0)]] static void OnLog(void* self,
                                                  const char* format,
                                                  va_list arguments) {
    char line[512];
    std::vsnprintf(line, sizeof line, format, arguments);
    std::string_view text(line);
    while (text.ends_with('\n')) text.remove_suffix(1);
    static_cast<Implementation*>(self)->logger_.Debug(text);
  }

  MHD_Result Serve(MHD_Connection* connection, const char* path,
                   const char* method, const char* version, size_t* upload_size,
                   void** context) {
    if (*context == nullptr) return MHD_NO;
    auto& exchange = *static_cast<Exchange*>(*context);
    if (exchange.answered) return MHD_NO;
    const int fd = Descriptor(connection);
    if (!exchange.head_checked) {
      exchange.head_checked = true;
      const HeaderFields headers = ReadHeaders(connection);
      const size_t most = limits_.header_bytes;
      if (auto large = RefuseHeadSize(exchange.target, headers, most)) {
        // The library may have no memory left to answer.
        PastLibrary(connection, exchange, *large);
        return MHD_NO;
      }
      // The library closes a connection that is answered in this first call. A
      // valid request therefore waits for the next call.
      auto refusal = RefuseHead(headers, exchange, path, method, version);
      if (refusal) return Queue(connection, exchange, std::move(*refusal));
      connections_.Enter(fd, Phase::kBody);
      return MHD_YES;
    }
    if (*upload_size > 0) {
      exchange.body_bytes += *upload_size;
      *upload_size = 0;
      connections_.Moved(fd, exchange.body_bytes);
      if (exchange.body_bytes <= limits_.body_bytes) return MHD_YES;
      PastLibrary(connection, exchange, BodyTooLarge());
      return MHD_NO;
    }
    if (!connections_.AwaitTurn(fd)) return MHD_NO;
    Response response = Answer(connection, exchange, path, method);
    return Queue(connection, exchange, std::move(response));
  }

  /// The answer to a request that goes no further than its head.
  std::optional<Response> RefuseHead(const HeaderFields& headers,
                                     const Exchange& exchange, const char* path,
                                     const char* method,
                                     const char* version) const {
    auto refusal = RefuseTarget(exchange.target);
    if (!refusal) refusal = RefuseFraming(version, headers);
    if (!refusal) {
      refusal = RefuseBody(BodyLength(headers), *exchange.setup, path, method);
    }
    if (refusal) refusal->headers.emplace_back("Connection", "close");
    return refusal;
  }

  std::optional<Response> RefuseBody(std::optional<size_t> length,
                                     const WebSetup& setup, const char* path,
                                     const char* method) const {
    if (length == 0) return std::nullopt;
    // Which paths there are is said to those alone that may know.
    if (!setup.Authenticates()) {
      if (auto refusal = routes_.Refuse(path, method)) return refusal;
    }
    if (!length || *length <= limits_.body_bytes) return std::nullopt;
    return BodyTooLarge();
  }

  static Response BodyTooLarge() {
    return PlainText(413, "request body too large");
  }

  Response Answer(MHD_Connection* connection, const Exchange& exchange,
                  const char* path, const char* method) {
    try {
      if (auto refusal = RefuseClient(connection, *exchange.setup)) {
        return std::move(*refusal);
      }
      if (auto refusal = routes_.Refuse(path, method)) {
        return std::move(*refusal);
      }
      const bool authenticated =
          exchange.setup->Authenticates() || HasVerifiedClient(connection);
      const Request request =
          ReadRequest(connection, path, method, authenticated);
      if (request.method != "GET") {
        if (auto refusal = RefuseCrossSite(request)) return std::move(*refusal);
      }
      Response response = routes_.Find(path)->handler(request);
      Pack(connection, response);
      return response;
    } catch (const std::exception& failure) {
      logger_.Error("a request failed",
                    {{"path", path}, {"error", failure.what()}});
      return PlainText(500, "internal error");
    }
  }

  static std::optional<Response> RefuseClient(MHD_Connection* connection,
                                              const WebSetup& setup) {
    if (auto refusal = setup.RefuseRate()) return refusal;
    if (!setup.Authenticates()) return std::nullopt;
    return setup.RefuseUser(AddressOf(Descriptor(connection)),
                            HeaderValue(connection, "Authorization"));
  }

  static void PastLibrary(MHD_Connection* connection, const Exchange& exchange,
                          const Response& response) {
    AnswerPastLibrary(connection, response,
                      AllHeaders(response, exchange.setup->headers()));
  }

  MHD_Result Queue(MHD_Connection* connection, const Exchange& exchange,
                   Response&& response) {
    const auto status = static_cast<unsigned>(response.status);
    const int fd = Descriptor(connection);
    connections_.Enter(fd, Phase::kResponse);
    const auto tls = TlsOf(connection);
    if (tls != nullptr && tls != exchange.setup->tls()) {
      // The client's next request is to meet the new certificate.
      std::erase_if(response.headers, [](const auto& header) {
        return header.first == "Connection";
      });
      response.headers.emplace_back("Connection", "close");
    }
    const Headers headers = AllHeaders(response, exchange.setup->headers());
    const ResponseHandle handle = MakeResponse(
        std::move(response.body), headers,
        [this, fd](uint64_t bytes) { connections_.Moved(fd, bytes); });
    return MHD_queue_response(connection, status, handle.get());
  }

  void Pack(MHD_Connection* connection, Response& response) {
    if (response.body.size() < kLeastPackedBytes) return;
    response.headers.emplace_back("Vary", "Accept-Encoding");
    if (!AcceptsGzip(HeaderValue(connection, "Accept-Encoding"))) return;
    response.body = gzip_.Compress(response.body);
    response.headers.emplace_back("Content-Encoding", "gzip");
  }

  Routes routes_;
  Logger& logger_;
  ServerLimits limits_;
  WebSetupSource web_;
  const std::shared_ptr<const WebSetup> no_setup_ =
      std::make_shared<const WebSetup>();
  Gzip gzip_;
  Connections connections_;
  /// The last members, so that they are destroyed before what the handlers use.
  DaemonHandle daemon_;
  std::optional<Acceptor> acceptor_;
};

Server::Server(std::vector<ListenSocket> sockets, std::vector<Route> routes,
               Logger& logger, const ServerLimits& limits, WebSetupSource web)
    : sockets_(std::move(sockets)),
      implementation_(std::make_unique<Implementation>(
          std::move(routes), logger, limits, std::move(web))) {
  implementation_->Start(sockets_);
}

Server::~Server() = default;

std::vector<std::string> Server::Addresses() const {
  std::vector<std::string> addresses;
  for (const ListenSocket& socket : sockets_) {
    addresses.push_back(socket.address());
  }
  return addresses;
}

}  // namespace leak_exporter::http
