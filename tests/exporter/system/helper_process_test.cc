#include "exporter/system/helper_process.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "metrics/base/helper_comm.h"
#include "tests/catch.h"

namespace leak_exporter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string StatusOf(pid_t pid, const std::string& key) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key + ":\t")) return line.substr(key.size() + 2);
  }
  return "";
}

// Whether the process ends before `until`.
bool Ends(pid_t pid) {
  const auto until = std::chrono::steady_clock::now() + seconds(10);
  while (std::chrono::steady_clock::now() < until) {
    const std::string state = StatusOf(pid, "State");
    if (state.empty() || state.starts_with("Z")) return true;
    ::poll(nullptr, 0, 1);
  }
  return false;
}

TEST_CASE("helper_process: it answers what it is asked") {
  int asked = 0;
  auto helper = HelperProcess::Start([&asked](std::string_view request) {
    return std::string(request) + " " + std::to_string(++asked);
  });
  REQUIRE(helper);
  CHECK(helper->Ask("one", seconds(10)) == "one 1");
  CHECK(helper->Ask("two", seconds(10)) == "two 2");
  // It has a copy of the counter.
  CHECK(asked == 0);
  CHECK(
      helper->Ask(std::string(2 * HelperProcess::kMostBytes, 'x'), seconds(10))
          ->size() == HelperProcess::kMostBytes);
}

TEST_CASE("helper_process: it keeps nothing of the program") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  auto helper = HelperProcess::Start([](std::string_view) {
    std::string open;
    for (const auto& entry :
         std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      const auto target = std::filesystem::read_symlink(entry.path(), gone);
      if (target.string().starts_with("/proc/")) continue;
      open += target.string().substr(0, target.string().find(':')) + " ";
    }
    return open;
  });
  REQUIRE(helper);
  const auto open = helper->Ask("?", seconds(10));
  REQUIRE(open);
  CHECK(*open == "/dev/null /dev/null /dev/null socket ");
  CHECK(StatusOf(helper->pid(), "Name") == kHelperComm);
  CHECK(StatusOf(helper->pid(), "CapEff") == "0000000000000000");
  CHECK(StatusOf(helper->pid(), "CapPrm") == "0000000000000000");
  CHECK(StatusOf(helper->pid(), "NoNewPrivs") == "1");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("helper_process: one that hangs costs one wait") {
  auto helper = HelperProcess::Start([](std::string_view request) {
    if (request == "hang") ::raise(SIGSTOP);
    return std::string(request);
  });
  REQUIRE(helper);
  const auto late = helper->Ask("hang", milliseconds(20));
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ETIMEDOUT);
  CHECK(late.error().message == "the helper process does not answer");
  const auto begin = std::chrono::steady_clock::now();
  CHECK(helper->Ask("next", seconds(60)).error().code == ETIMEDOUT);
  CHECK(std::chrono::steady_clock::now() - begin < seconds(30));
  ::kill(helper->pid(), SIGCONT);
  // The late answer is not taken for the answer to another question.
  const auto until = begin + seconds(10);
  std::optional<std::string> answer;
  while (!answer && std::chrono::steady_clock::now() < until) {
    if (const auto got = helper->Ask("next", milliseconds(5))) answer = *got;
    ::poll(nullptr, 0, 1);
  }
  CHECK(answer == "next");
}

TEST_CASE("helper_process: signals that end the program do not end it") {
  auto helper = HelperProcess::Start(
      [](std::string_view) { return std::string("here"); });
  REQUIRE(helper);
  REQUIRE(helper->Ask("?", seconds(10)));
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    ::kill(helper->pid(), signal);
  }
  CHECK(helper->Ask("?", seconds(10)) == "here");
}

TEST_CASE("helper_process: it ends with its owner, and is missed when dead") {
  pid_t pid = 0;
  {
    auto helper = HelperProcess::Start(
        [](std::string_view) { return std::string("here"); });
    REQUIRE(helper);
    pid = helper->pid();
  }
  CHECK(Ends(pid));
  auto killed = HelperProcess::Start(
      [](std::string_view) { return std::string("here"); });
  REQUIRE(killed);
  ::kill(killed->pid(), SIGKILL);
  REQUIRE(Ends(killed->pid()));
  for (int i = 0; i < 2; ++i) {
    const auto answer = killed->Ask("?", seconds(10));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == EPIPE);
    CHECK(answer.error().message == "the helper process has ended");
  }
}

}  // namespace
}  // namespace leak_exporter
