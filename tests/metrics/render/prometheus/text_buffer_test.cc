#include "metrics/render/prometheus/text_buffer.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::render {
namespace {

std::string Appended(size_t room,
                     const std::function<void(TextBuffer&)>& append) {
  std::string out;
  {
    TextBuffer buffer(out);
    buffer.Reserve(room);
    append(buffer);
  }
  return out;
}

TEST_CASE("text buffer: appends behind what is there, nothing more") {
  std::string out = "before ";
  {
    TextBuffer buffer(out);
    buffer.Reserve(100);
    buffer.Append("text");
    buffer.Append('!');
  }
  CHECK(out == "before text!");
  { const TextBuffer untouched(out); }
  CHECK(out == "before text!");
}

TEST_CASE("text buffer: room is made again and again") {
  std::string expected;
  std::string out;
  {
    TextBuffer buffer(out);
    for (int i = 0; i < 1000; ++i) {
      const std::string line = std::to_string(i) + '\n';
      buffer.Reserve(line.size());
      buffer.Append(line);
      expected += line;
    }
  }
  CHECK(out == expected);
}

TEST_CASE("text buffer: escapes at every place of a word and behind it") {
  for (size_t length = 1; length < 20; ++length) {
    for (size_t place = 0; place < length; ++place) {
      const std::string before(place, 'x');
      const std::string after(length - place - 1, 'y');
      const auto escaped = [&](char c, Escaping escaping) {
        return Appended(2 * length, [&](TextBuffer& buffer) {
          buffer.AppendEscaped(before + c + after, escaping);
        });
      };
      CHECK(escaped('\n', Escaping::kQuoteToo) == before + "\\n" + after);
      CHECK(escaped('\\', Escaping::kQuoteToo) == before + "\\\\" + after);
      CHECK(escaped('"', Escaping::kQuoteToo) == before + "\\\"" + after);
      CHECK(escaped('"', Escaping::kBackslashAndNewline) ==
            before + '"' + after);
      CHECK(escaped('\xFF', Escaping::kQuoteToo) == before + '\xFF' + after);
    }
  }
}

TEST_CASE("text buffer: exactly the room of what is longest is enough") {
  const std::string special(33, '"');
  CHECK(Appended(66, [&](TextBuffer& buffer) {
          buffer.AppendEscaped(special, Escaping::kQuoteToo);
        }).size() == 66);
  for (const double value :
       {-std::numeric_limits<double>::max(), -9007199254740992.0,
        -2.2250738585072014e-308, std::numeric_limits<double>::quiet_NaN(),
        -std::numeric_limits<double>::infinity()}) {
    const std::string text =
        Appended(24, [&](TextBuffer& buffer) { buffer.AppendValue(value); });
    CHECK_FALSE(text.empty());
    CHECK(text.size() <= 24);
  }
}

#ifndef NDEBUG
/// Whether what is appended ends the program, which would otherwise write
/// beyond the string.
bool IsAsserted(size_t room, const std::function<void(TextBuffer&)>& append) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(STDERR_FILENO);
    std::signal(SIGABRT, SIG_DFL);
    std::string out;
    TextBuffer buffer(out);
    buffer.Reserve(room);
    append(buffer);
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

TEST_CASE("text buffer: to append more than there is room for is asserted") {
  CHECK(IsAsserted(0, [](TextBuffer& buffer) { buffer.Append('x'); }));
  CHECK(IsAsserted(
      16, [](TextBuffer& buffer) { buffer.Append(std::string(17, 'x')); }));
  CHECK(IsAsserted(16, [](TextBuffer& buffer) {
    buffer.AppendEscaped(std::string(24, 'x'), Escaping::kQuoteToo);
  }));
  CHECK(IsAsserted(16, [](TextBuffer& buffer) {
    buffer.AppendEscaped(std::string(9, '"'), Escaping::kQuoteToo);
  }));
  CHECK(IsAsserted(16, [](TextBuffer& buffer) {
    buffer.AppendValue(-2.2250738585072014e-308);
  }));
  CHECK_FALSE(IsAsserted(
      16, [](TextBuffer& buffer) { buffer.Append(std::string(16, 'x')); }));
}
#endif

}  // namespace
}  // namespace leak_exporter::render
