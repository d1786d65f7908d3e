#include "exporter/http/auth/authentication.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/catch.h"
#include "tests/fake_clock.h"

namespace leak_exporter::http {
namespace {

using Verdict = Authentication::Verdict;
using std::chrono::seconds;

// "alice" with the password "open sesame", and "bob" with "b", as htpasswd -B
// made them at the cost of 4.
const UserHashes kUsers = {
    {"alice", "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy"},
    {"bob", "$2y$04$zyxwvutsrqponmlkjihgfejIiNLOVvL2wdKKmvLHe7lxn/TqcFFNq"}};
constexpr const char* kAlice = "Basic YWxpY2U6b3BlbiBzZXNhbWU=";
constexpr const char* kBob = "Basic Ym9iOmI=";
constexpr const char* kAliceWrong = "Basic YWxpY2U6Yg==";
constexpr const char* kNobody = "Basic Y2Fyb2w6b3BlbiBzZXNhbWU=";

/// An authentication that counts the hashes that it computes.
class Counted {
 public:
  explicit Counted(const AuthenticationLimits& limits = {})
      : authentication(
            kUsers, clock, limits,
            [this](const std::string& password, const std::string& hash) {
              hashes.push_back(hash);
              return password == "open sesame" && hash == kUsers.at("alice");
            }) {}

  FakeClock clock{seconds(1000)};
  std::vector<std::string> hashes;
  Authentication authentication;
};

TEST_CASE("authentication: passwords against bcrypt hashes") {
  const FakeClock clock{seconds(1)};
  Authentication authentication(kUsers, clock);
  CHECK(authentication.Check("::1", kAlice) == Verdict::kRight);
  CHECK(authentication.Check("::1", kBob) == Verdict::kRight);
  CHECK(authentication.Check("::1", kAliceWrong) == Verdict::kWrong);
  CHECK(authentication.Check("::1", kNobody) == Verdict::kWrong);
  CHECK(authentication.Check("::1", "") == Verdict::kWrong);
}

TEST_CASE("authentication: a hash is computed once for each credential") {
  Counted counted;
  for (int i = 0; i < 100; ++i) {
    CHECK(counted.authentication.Check("::1", kAlice) == Verdict::kRight);
    CHECK(counted.authentication.Check("::1", kAliceWrong) == Verdict::kWrong);
  }
  CHECK(counted.hashes.size() == 2);
}

TEST_CASE("authentication: a user that does not exist costs as much as one") {
  Counted counted;
  CHECK(counted.authentication.Check("::1", kNobody) == Verdict::kWrong);
  REQUIRE(counted.hashes.size() == 1);
  CHECK(counted.hashes[0].size() == 60);
  // The same cost as alice's.
  CHECK(counted.hashes[0].substr(0, 7) == kUsers.at("alice").substr(0, 7));
}

TEST_CASE("authentication: an address can have so many passwords checked") {
  Counted counted({.checks_at_once = 3, .check_interval = seconds(10)});
  auto& authentication = counted.authentication;
  const std::vector<const char*> guesses = {
      "Basic YWxpY2U6MQ==", "Basic YWxpY2U6Mg==", "Basic YWxpY2U6Mw==",
      "Basic YWxpY2U6NA==", "Basic YWxpY2U6NQ=="};
  for (int i = 0; i < 3; ++i) {
    CHECK(authentication.Check("10.0.0.1", guesses[i]) == Verdict::kWrong);
  }
  CHECK(authentication.Check("10.0.0.1", guesses[3]) == Verdict::kLater);
  CHECK(counted.hashes.size() == 3);
  // What is known needs no check, and other addresses have their own.
  CHECK(authentication.Check("10.0.0.1", guesses[0]) == Verdict::kWrong);
  CHECK(authentication.Check("10.0.0.2", kAlice) == Verdict::kRight);
  CHECK(authentication.Check("10.0.0.1", kAlice) == Verdict::kRight);
  counted.clock.Advance(seconds(10));
  CHECK(authentication.Check("10.0.0.1", guesses[3]) == Verdict::kWrong);
  CHECK(authentication.Check("10.0.0.1", guesses[4]) == Verdict::kLater);
}

TEST_CASE("authentication: addresses and credentials are bounded") {
  Counted counted({.check_interval = seconds(10),
                   .most_addresses = 2,
                   .most_credentials = 2});
  auto& authentication = counted.authentication;
  CHECK(authentication.Check("a", kAlice) == Verdict::kRight);
  CHECK(authentication.Check("b", kAliceWrong) == Verdict::kWrong);
  CHECK(authentication.Check("c", kNobody) == Verdict::kLater);
  counted.clock.Advance(seconds(10));
  CHECK(authentication.Check("c", kNobody) == Verdict::kWrong);
  // The right one is still known; a wrong one made room.
  CHECK(authentication.Check("d", kAlice) == Verdict::kRight);
  CHECK(counted.hashes.size() == 3);
}

TEST_CASE("authentication: one hash at a time, and few wait for it") {
  const FakeClock clock{seconds(1)};
  std::atomic<int> computing = 0;
  std::atomic<int> most = 0;
  std::atomic<int> later = 0;
  Authentication authentication(
      kUsers, clock, {.checks_at_once = 100, .most_waiting = 4},
      [&](const std::string&, const std::string&) {
        const int now = ++computing;
        if (now > most) most = now;
        // Until the others have been turned away.
        for (int i = 0; i < 1'000'000 && later < 4; ++i) {
          std::this_thread::yield();
        }
        --computing;
        return false;
      });
  std::vector<std::thread> clients;
  const std::vector<const char*> guesses = {
      "Basic YWxpY2U6MQ==", "Basic YWxpY2U6Mg==", "Basic YWxpY2U6Mw==",
      "Basic YWxpY2U6NA==", "Basic YWxpY2U6NQ==", "Basic YWxpY2U6Ng==",
      "Basic YWxpY2U6Nw==", "Basic YWxpY2U6OA=="};
  for (const char* const guess : guesses) {
    clients.emplace_back([&authentication, &later, guess] {
      if (authentication.Check("::1", guess) == Verdict::kLater) ++later;
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(most == 1);
  CHECK(later == 4);
}

}  // namespace
}  // namespace leak_exporter::http
