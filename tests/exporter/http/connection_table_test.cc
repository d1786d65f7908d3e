#include "exporter/http/connection_table.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr uint64_t kPart = 65536;

/// A table whose time a test chooses.
class TableBench {
 public:
  explicit TableBench(size_t connections) : table(Limits(connections)) {}

  /// Which one is given up for it, at most one.
  std::optional<int> Admit(int id, const std::string& client) {
    table.Admit(id, client, now);
    const auto given_up = Overdue();
    REQUIRE(given_up.size() <= 1);
    return given_up.empty() ? std::nullopt : std::optional(given_up[0]);
  }
  void Enter(int id, Phase phase) { table.Enter(id, phase, now); }
  /// Enters kQueued, and kHandled if there is room.
  std::optional<int> Ask(int id) {
    Enter(id, Phase::kQueued);
    return table.HandleNext(now);
  }
  std::vector<int> Overdue() {
    std::vector<int> ids;
    for (const auto& given_up : table.GiveUpOverdue(now)) {
      ids.push_back(given_up.id);
    }
    return ids;
  }

  ConnectionTable::TimePoint now{seconds(1000)};
  ConnectionTable table;

 private:
  static ConnectionLimits Limits(size_t connections) {
    ConnectionLimits limits;
    limits.connections = connections;
    limits.grace = limits.silent_grace = nanoseconds(0);
    return limits;
  }
};

TEST_CASE("connections: while there is room nobody loses a place") {
  TableBench bench(4);
  CHECK(bench.Admit(10, "a") == std::nullopt);
  CHECK(bench.Admit(11, "a") == std::nullopt);
  CHECK(bench.Admit(12, "b") == std::nullopt);
  CHECK(bench.Admit(13, "b") == std::nullopt);
  CHECK(bench.table.size() == 4);
}

TEST_CASE("connections: over its share a client loses its own stalest") {
  TableBench bench(8);
  bench.Admit(10, "other");
  for (int id = 11; id <= 14; ++id) {
    bench.now += milliseconds(100);
    bench.Admit(id, "hog");
  }
  CHECK(bench.Admit(15, "hog") == 11);
  CHECK(bench.table.PhaseOf(11) == std::nullopt);
  bench.now += milliseconds(100);
  bench.Enter(12, Phase::kBody);
  CHECK(bench.Admit(16, "hog") == 13);
  CHECK(bench.table.PhaseOf(10) == Phase::kNew);
}

TEST_CASE("connections: when all are taken, the client with most loses one") {
  TableBench bench(6);
  bench.Admit(10, "idle scraper");
  for (int id = 11; id <= 13; ++id) {
    bench.now += seconds(1);
    bench.Admit(id, "hog");
  }
  bench.Admit(14, "a");
  bench.Admit(15, "b");
  CHECK(bench.Admit(16, "c") == 11);
  // Of equals, any of the stalest; then nobody has more than two.
  CHECK(bench.Admit(17, "d") == 12);
}

TEST_CASE("connections: what was given up tells what it waited for") {
  TableBench bench(2);
  bench.Admit(10, "a");
  bench.Enter(10, Phase::kResponse);
  bench.table.Admit(11, "a", bench.now);
  const auto given_up = bench.table.GiveUpOverdue(bench.now);
  REQUIRE(given_up.size() == 1);
  CHECK(given_up[0].id == 10);
  CHECK(given_up[0].phase == Phase::kResponse);
}

TEST_CASE("connections: a new one has a moment to send its request") {
  ConnectionLimits limits;
  limits.connections = 2;
  ConnectionTable table(limits);
  const ConnectionTable::TimePoint begin{seconds(1000)};
  for (int id = 10; id < 10 + 8; ++id) {
    table.Admit(id, "a", begin + milliseconds(id));
    CHECK(table.GiveUpOverdue(begin + milliseconds(id)).empty());
  }
  // But there are never more than four times as many.
  table.Admit(20, "a", begin + milliseconds(20));
  const auto hard = table.GiveUpOverdue(begin + milliseconds(20));
  REQUIRE(hard.size() == 1);
  CHECK(hard[0].id == 10);
  // Once it has sent something it has more time.
  table.Enter(12, Phase::kHead, begin + milliseconds(21));
  CHECK(table.NextOverdue() == begin + milliseconds(31));
  CHECK(table.GiveUpOverdue(begin + milliseconds(37)).size() == 6);
  CHECK(table.GiveUpOverdue(begin + milliseconds(40)).size() == 1);
  CHECK(table.PhaseOf(12) == Phase::kHead);
  table.Enter(12, Phase::kIdle, begin + milliseconds(41));
  table.Admit(21, "a", begin + milliseconds(280));
  table.Enter(21, Phase::kHead, begin + milliseconds(280));
  CHECK(table.GiveUpOverdue(begin + milliseconds(290)).empty());
  const auto idle = table.GiveUpOverdue(begin + milliseconds(291));
  REQUIRE(idle.size() == 1);
  CHECK(idle[0].id == 12);
}

TEST_CASE("connections: who has sent what is not read yet does not stall") {
  TableBench bench(4);
  const auto is_11 = [](int id) { return id == 11; };
  for (int id = 10; id <= 13; ++id) {
    bench.table.Admit(id, "a", bench.now);
    bench.now += milliseconds(1);
  }
  bench.Enter(10, Phase::kBody);
  const auto given_up = bench.table.GiveUpOverdue(bench.now, is_11);
  REQUIRE(given_up.size() == 2);
  CHECK(given_up[0].id == 12);
  CHECK(given_up[1].id == 13);
  // Where everybody has, somebody goes nevertheless.
  const auto everybody = [](int) { return true; };
  bench.table.Admit(14, "a", bench.now);
  bench.table.Admit(15, "a", bench.now);
  bench.now += milliseconds(1);
  CHECK(bench.table.GiveUpOverdue(bench.now, everybody).size() == 2);
}

TEST_CASE("connections: who waits for an answer goes last, who gets it stays") {
  TableBench bench(4);
  bench.Admit(10, "a");
  CHECK(bench.Ask(10) == 10);
  bench.Admit(11, "a");
  CHECK(bench.Ask(11) == std::nullopt);
  // One that says nothing is closed before a request that waits.
  CHECK(bench.Admit(12, "a") == 12);
  bench.table.Admit(13, "a", bench.now);
  CHECK(bench.Ask(13) == std::nullopt);
  CHECK(bench.Overdue() == std::vector{11});
  CHECK(bench.table.PhaseOf(10) == Phase::kHandled);
}

TEST_CASE("connections: where all are being answered there are too many") {
  TableBench bench(2);
  bench.Admit(10, "a");
  CHECK(bench.Ask(10) == 10);
  bench.table.Admit(11, "a", bench.now);
  bench.Enter(11, Phase::kHandled);
  CHECK(bench.Overdue().empty());
  CHECK(bench.table.size() == 2);
  bench.table.Remove(11);
  CHECK(bench.table.size() == 1);
}

TEST_CASE("connections: each phase has its deadline as a whole") {
  TableBench bench(8);
  struct Case {
    Phase phase;
    seconds deadline;
  };
  const auto [phase, deadline] = GENERATE(
      Case{Phase::kHead, seconds(5)}, Case{Phase::kBody, seconds(10)},
      Case{Phase::kQueued, seconds(30)}, Case{Phase::kIdle, seconds(30)},
      Case{Phase::kResponse, seconds(8)});
  bench.Admit(10, "a");
  bench.Enter(10, phase);
  CHECK(bench.table.NextOverdue() == bench.now + deadline);
  bench.now += deadline - nanoseconds(1);
  // A trickle, and the same phase again, win no time.
  bench.table.Moved(10, 1, bench.now);
  bench.Enter(10, phase);
  CHECK(bench.Overdue().empty());
  bench.now += nanoseconds(1);
  CHECK(bench.Overdue() == std::vector{10});
  CHECK(bench.Overdue().empty());
  CHECK(bench.table.NextOverdue() == std::nullopt);
}

TEST_CASE("connections: the time for a head begins with the connection") {
  TableBench bench(8);
  bench.Admit(10, "a");
  const auto begin = bench.now;
  CHECK(bench.table.NextOverdue() == begin + seconds(5));
  bench.now += seconds(3);
  bench.Enter(10, Phase::kHead);
  CHECK(bench.table.NextOverdue() == begin + seconds(5));
  bench.Enter(10, Phase::kIdle);
  bench.now += seconds(3);
  bench.Enter(10, Phase::kHead);
  CHECK(bench.table.NextOverdue() == bench.now + seconds(5));
}

TEST_CASE("connections: what is being answered has no deadline of its client") {
  TableBench bench(8);
  bench.Admit(10, "a");
  REQUIRE(bench.Ask(10) == 10);
  CHECK(bench.table.NextOverdue() == std::nullopt);
}

TEST_CASE("connections: a response is read at a least pace, and in time") {
  TableBench bench(8);
  bench.Admit(10, "a");
  bench.Enter(10, Phase::kResponse);
  const auto begin = bench.now;
  bench.now += seconds(7);
  bench.table.Moved(10, 100 * kPart, bench.now);
  CHECK(bench.table.NextOverdue() == begin + seconds(15));
  bench.now += seconds(7);
  bench.table.Moved(10, 101 * kPart - 1, bench.now);
  CHECK(bench.table.NextOverdue() == begin + seconds(15));
  bench.table.Moved(10, 101 * kPart, bench.now);
  CHECK(bench.table.NextOverdue() == begin + seconds(22));
  bench.now = begin + seconds(299);
  bench.table.Moved(10, 1000 * kPart, bench.now);
  CHECK(bench.table.NextOverdue() == begin + seconds(300));
}

TEST_CASE("connections: reading on is progress, a trickle is none") {
  TableBench bench(4);
  bench.Admit(10, "a");
  bench.Admit(11, "a");
  bench.Enter(10, Phase::kResponse);
  bench.Enter(11, Phase::kResponse);
  bench.now += seconds(1);
  bench.table.Moved(11, kPart - 1, bench.now);
  bench.table.Moved(10, kPart, bench.now);
  CHECK(bench.Admit(12, "a") == 11);
}

TEST_CASE("connections: a descriptor that comes again is another connection") {
  TableBench bench(4);
  bench.Admit(10, "a");
  bench.Enter(10, Phase::kIdle);
  bench.Admit(10, "b");
  CHECK(bench.table.PhaseOf(10) == Phase::kNew);
  CHECK(bench.table.size() == 1);
}

TEST_CASE("connections: requests are answered in turn, first who has least") {
  TableBench bench(8);
  for (int id = 10; id <= 13; ++id) bench.Admit(id, "hog");
  bench.Admit(20, "b");
  CHECK(bench.Ask(10) == 10);
  CHECK(bench.Ask(11) == 11);
  // The hog has all that one client gets: two of four.
  CHECK(bench.Ask(12) == std::nullopt);
  bench.now += seconds(1);
  CHECK(bench.Ask(20) == 20);
  bench.Enter(10, Phase::kResponse);
  CHECK(bench.table.HandleNext(bench.now) == 12);
  CHECK(bench.Ask(13) == std::nullopt);
  // One that was given up is not answered.
  CHECK(bench.Admit(14, "hog") == 10);
  CHECK(bench.Admit(15, "hog") == 14);
  CHECK(bench.Admit(16, "hog") == 15);
  CHECK(bench.Ask(16) == std::nullopt);
  bench.Enter(11, Phase::kIdle);
  CHECK(bench.table.HandleNext(bench.now) == 13);
}

TEST_CASE("connections: when descriptors are short the stalest is given up") {
  TableBench bench(4);
  CHECK_FALSE(bench.table.GiveUpOne());
  bench.Admit(10, "a");
  bench.now += seconds(1);
  bench.Admit(11, "b");
  CHECK(bench.table.GiveUpOne()->id == 10);
  CHECK(bench.table.GiveUpOne()->id == 11);
  CHECK_FALSE(bench.table.GiveUpOne());
}

TEST_CASE(
    "connection table: a crowd of half heads does not turn a newcomer away") {
  ConnectionLimits limits;
  ConnectionTable table(limits);
  const ConnectionTable::TimePoint start{seconds(1)};
  const int crowd = static_cast<int>(limits.Most());
  for (int id = 0; id < crowd; ++id) {
    table.Admit(id, "10.0.0.1", start);
    table.Enter(id, Phase::kHead, start);
  }
  // Within the grace of those before, of the same address and longer than the
  // grace of one that has sent nothing.
  table.Admit(crowd, "10.0.0.1", start + milliseconds(10));
  const auto given_up = table.GiveUpOverdue(start + milliseconds(40));
  REQUIRE_FALSE(given_up.empty());
  for (const ConnectionTable::GivenUp& gone : given_up) {
    CHECK(gone.id != crowd);
  }
  CHECK(table.PhaseOf(crowd) == Phase::kNew);
}

}  // namespace
}  // namespace leak_exporter::http
