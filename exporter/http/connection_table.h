#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace leak_exporter::http {

struct ConnectionLimits {
  /// How many connections there are at one time. Each that has sent something
  /// takes a thread.
  size_t connections = 64;
  /// A connection has this time to make progress, even if there are too many,
  /// so that a busy machine does not make a client look slow.
  std::chrono::nanoseconds grace = std::chrono::milliseconds(250);
  /// The same for one that has not sent anything yet.
  std::chrono::nanoseconds silent_grace = std::chrono::milliseconds(20);
  /// How long a client may take for a request's line and headers.
  std::chrono::nanoseconds head = std::chrono::seconds(5);
  /// How long a client may take for a request's body.
  std::chrono::nanoseconds body = std::chrono::seconds(10);
  /// How long a client may take to read a response.
  std::chrono::nanoseconds response = std::chrono::minutes(5);
  /// How long it may take for each part of this size, which is a least pace.
  std::chrono::nanoseconds response_part = std::chrono::seconds(8);
  size_t response_part_bytes = size_t{64} << 10;
  /// How long a connection may wait for its next request, and a request for the
  /// answers before it.
  std::chrono::nanoseconds idle = std::chrono::seconds(30);

  /// How many connections one client address may have: half of them.
  size_t PerClient() const;
  /// How many connections there may be within `grace`.
  size_t Most() const;
  /// How many requests are answered at one time, and how many of one client.
  size_t Handled() const;
  size_t HandledPerClient() const;
};

/// What a connection waits for.
enum class Phase {
  /// The client, which has not sent anything yet.
  kNew,
  /// The client: it has to send the line and headers of a request.
  kHead,
  /// The client: it has to send a body.
  kBody,
  /// The answers to the requests before.
  kQueued,
  /// The answer to its own request.
  kHandled,
  /// The client: it has to read the response.
  kResponse,
  /// The client, which need not send another request.
  kIdle,
};

/// Decides which connections stay and whose request is answered next. A new
/// connection always gets a place. Where there are too many then, the one
/// without progress for the longest time is given up: one of the client address
/// that exceeds its share, else one of the address with the most connections. A
/// request that waits for this program's answer goes last, and one that is
/// being answered stays.
///
/// Touches no socket and no clock. Connections are known by their descriptors.
/// Not thread-safe.
class ConnectionTable {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// A connection that must be closed.
  struct GivenUp {
    int id = 0;
    /// What it waited for.
    Phase phase = Phase::kNew;
  };

  explicit ConnectionTable(const ConnectionLimits& limits) : limits_(limits) {}

  /// Adds a connection, in phase kNew. `client` is what shares are counted by.
  void Admit(int id, std::string client, TimePoint now);
  /// Gives up the connection that goes first.
  std::optional<GivenUp> GiveUpOne();
  /// Gives up the connections that are too many, and those whose time is over.
  /// `has_unread` tells whether a client has sent something that this program
  /// has not read yet. It is then not the client that makes no progress.
  std::vector<GivenUp> GiveUpOverdue(
      TimePoint now, const std::function<bool(int id)>& has_unread = {});
  /// When there is something to give up next.
  std::optional<TimePoint> NextOverdue();

  /// A connection enters another phase, which is progress. Entering the present
  /// phase again changes nothing. The time for a head begins with kNew.
  void Enter(int id, Phase phase, TimePoint now);
  /// The client has sent or read so much of the body or response in all. It is
  /// progress at each ConnectionLimits::response_part_bytes, so that a trickle
  /// is none.
  void Moved(int id, uint64_t bytes, TimePoint now);
  /// Chooses the request to be answered next, if another one may be answered,
  /// and enters kHandled for it. Prefers the client that is being served least,
  /// then the request that has waited longest.
  std::optional<int> HandleNext(TimePoint now);

  /// Every connection that has not been given up, and its phase.
  std::vector<std::pair<int, Phase>> Open() const;
  /// Absent if the connection is not known or has been given up.
  std::optional<Phase> PhaseOf(int id) const;
  void Remove(int id) { entries_.erase(id); }
  /// Those included that were given up and not removed yet.
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string client;
    uint64_t order = 0;
    Phase phase = Phase::kNew;
    bool given_up = false;
    TimePoint entered;
    TimePoint progress;
    /// What had been moved at the progress before.
    uint64_t moved_bytes = 0;
  };
  using Entries = std::map<int, Entry>;
  using Counts = std::map<std::string, size_t>;

  Entry* Find(int id);
  Counts Count(bool handled_only) const;
  static size_t Total(const Counts& counts);
  static GivenUp GiveUp(Entries::value_type& connection);
  Entries::value_type* FirstToGo(const std::string* client);
  Entries::value_type* FirstInExcess();
  std::optional<TimePoint> OverdueAt(const Entry& entry) const;
  TimePoint GraceEnds(const Entry& entry) const;
  static bool GoesBefore(const Entry& left, const Entry& right);

  ConnectionLimits limits_;
  Entries entries_;
  uint64_t admitted_ = 0;
};

}  // namespace leak_exporter::http
