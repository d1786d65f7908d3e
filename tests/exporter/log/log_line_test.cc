#include "exporter/log/log_line.h"

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

constexpr std::chrono::system_clock::time_point kTime{
    std::chrono::milliseconds(1'795'296'201'007)};

std::string Line(LogFormat format, LogLevel level, std::string_view message,
                 std::initializer_list<LogField> fields = {}) {
  return LogLine(format, kTime, level, EventText(format, message, fields));
}

std::string Message(LogFormat format, std::string_view message) {
  return Line(format, LogLevel::kInfo, message);
}

TEST_CASE("log: a line of each format") {
  const std::string target = "app server";
  const std::initializer_list<LogField> fields = {{"target", target},
                                                  {"pid", int64_t{4306}},
                                                  {"bytes", uint64_t{1} << 63},
                                                  {"seconds", 0.25},
                                                  {"complete", true}};
  CHECK(Line(LogFormat::kLogfmt, LogLevel::kWarn, "measured", fields) ==
        "ts=2026-11-21T21:23:21.007Z level=warn msg=measured "
        "target=\"app server\" pid=4306 bytes=9223372036854775808 "
        "seconds=0.25 complete=true");
  CHECK(Line(LogFormat::kJson, LogLevel::kError, "measured", fields) ==
        R"({"ts":"2026-11-21T21:23:21.007Z","level":"error","msg":"measured",)"
        R"("target":"app server","pid":4306,"bytes":9223372036854775808,)"
        R"("seconds":0.25,"complete":true})");
}

TEST_CASE("log: logfmt quotes and escapes only where it must") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"word", "word"},
      {"/tmp/a-b_c.d:e", "/tmp/a-b_c.d:e"},
      {"", "\"\""},
      {"two words", "\"two words\""},
      {"a=b", "\"a=b\""},
      {"say \"x\"", R"("say \"x\"")"},
      {"back\\slash", R"("back\\slash")"},
      {"a\nlevel=error msg=forged", R"("a\nlevel=error msg=forged")"},
      {"a\rb\tc", R"("a\rb\tc")"},
      {"\x1b[31mred", R"("\u001b[31mred")"},
      {std::string("a\0b", 3), R"("a\u0000b")"},
      {"\x7f", R"("\u007f")"},
      {"\xc2\x85next line", R"("\u0085next line")"},
      {"\xe2\x80\xa8", R"("\u2028")"},
      {"caf\xc3\xa9", "\"caf\xc3\xa9\""},
      {"bad \xff\xc3", "\"bad \xef\xbf\xbd\xef\xbf\xbd\""},
  };
  for (const auto& [message, expected] : cases) {
    CHECK(Message(LogFormat::kLogfmt, message) ==
          "ts=2026-11-21T21:23:21.007Z level=info msg=" + expected);
  }
}

TEST_CASE("log: any bytes make one line that JSON reads back") {
  for (int first = 0; first < 256; ++first) {
    for (const std::string tail : {"", "x", "\n", "\xbf", "\xbf\xbf\xbf"}) {
      const std::string message = static_cast<char>(first) + tail;
      for (const LogFormat format : {LogFormat::kLogfmt, LogFormat::kJson}) {
        const std::string line = Message(format, message);
        CHECK(line.find_first_of(std::string("\n\r\0\x1b", 4)) == line.npos);
      }
      const auto event =
          nlohmann::json::parse(Message(LogFormat::kJson, message));
      if (first > 0 && first < 0x80 && tail.size() < 2 && tail != "\xbf") {
        CHECK(event["msg"] == message);
      }
    }
  }
}

TEST_CASE("log: numbers that JSON lacks are null") {
  CHECK(
      Line(LogFormat::kJson, LogLevel::kInfo, "m",
           {{"x", std::numeric_limits<double>::quiet_NaN()}}) ==
      R"({"ts":"2026-11-21T21:23:21.007Z","level":"info","msg":"m","x":null})");
}

TEST_CASE("log: a field may be appended to the text of an event") {
  for (const LogFormat format : {LogFormat::kLogfmt, LogFormat::kJson}) {
    std::string text = EventText(format, "m", {{"a", int64_t{1}}});
    AppendField(format, {"b", uint64_t{2}}, text);
    CHECK(text ==
          EventText(format, "m", {{"a", int64_t{1}}, {"b", int64_t{2}}}));
  }
}

TEST_CASE("log: a long value is cut between characters") {
  const std::string text = "x" + std::string(3000, '-');
  CHECK(Message(LogFormat::kLogfmt, text)
            .ends_with("msg=\"" + text.substr(0, 2048) + "…\""));
  std::string umlauts = "x";
  for (int i = 0; i < 1500; ++i) umlauts += "ü";
  const auto line = nlohmann::json::parse(Message(LogFormat::kJson, umlauts));
  CHECK(line["msg"] == umlauts.substr(0, 2047) + "…");
  CHECK(Message(LogFormat::kLogfmt, std::string(2048, 'y'))
            .ends_with("msg=" + std::string(2048, 'y')));
}

}  // namespace
}  // namespace leak_exporter
