#include "config/map_reader.h"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::config {
namespace {

using Errors = std::vector<std::string>;

std::optional<std::string> AnyText(const std::string& /*text*/) { return {}; }

std::optional<std::string> NoX(const std::string& text) {
  if (text.find('x') == std::string::npos) return {};
  return "has an x in it";
}

// Reads a map of YAML, and returns what was wrong with it.
Errors Read(const std::string& text,
            const std::function<void(MapReader&)>& read,
            const std::string& path = "") {
  const auto node = ParseYaml(text);
  REQUIRE(node);
  ErrorList errors;
  MapReader map(**node, path, errors);
  read(map);
  return ToStrings("", errors.Take());
}

TEST_CASE("map_reader: every kind of value") {
  bool truth = false;
  size_t count = 0;
  std::chrono::nanoseconds duration{};
  uint64_t size = 0;
  std::string text;
  std::vector<std::string> texts;
  std::vector<pid_t> pids;
  CHECK(Read("truth: true\ncount: 10000\nduration: 1h30m\nsize: 4kB\n"
             "text: 'true'\ntexts: [a, 5]\npids: [4194304, 1]\n",
             [&](MapReader& map) {
               map.Bool("truth", truth);
               map.Count("count", count);
               map.Duration("duration", duration);
               map.Size("size", size);
               map.String("text", AnyText, text);
               map.Strings("texts", AnyText, texts);
               map.Pids("pids", pids);
               map.RejectOthers();
             })
            .empty());
  CHECK(truth);
  CHECK(count == 10'000);
  CHECK(duration == std::chrono::minutes(90));
  CHECK(size == 4096);
  CHECK(text == "true");
  CHECK(texts == std::vector<std::string>{"a", "5"});
  CHECK(pids == std::vector<pid_t>{4'194'304, 1});
}

TEST_CASE("map_reader: what is absent or wrong leaves its value as it is") {
  for (const std::string yaml :
       {"", "{}", "other: 1",
        "{truth: yes, count: -1, duration: 5, size: 5K, text: 'x'}"}) {
    CAPTURE(yaml);
    bool truth = true;
    size_t count = 7;
    std::chrono::nanoseconds duration{8};
    uint64_t size = 9;
    std::string text = "kept";
    Read(yaml, [&](MapReader& map) {
      map.Bool("truth", truth);
      map.Count("count", count);
      map.Duration("duration", duration);
      map.Size("size", size);
      map.String("text", NoX, text);
    });
    CHECK(truth);
    CHECK(count == 7);
    CHECK(duration == std::chrono::nanoseconds(8));
    CHECK(size == 9);
    CHECK(text == "kept");
  }
}

TEST_CASE("map_reader: one value or a list of them, none twice") {
  std::vector<std::string> texts;
  const auto read = [&](const std::string& yaml) {
    texts.clear();
    return Read(yaml, [&](MapReader& map) { map.Strings("k", NoX, texts); });
  };
  CHECK(read("k: a").empty());
  CHECK(texts == std::vector<std::string>{"a"});
  CHECK(read("k: [a, xb, c]") == Errors{":1:8: k[1]: 'xb' has an x in it"});
  CHECK(texts == std::vector<std::string>{"a", "c"});
  CHECK(read("k: [a, b, a]") == Errors{":1:11: k[2]: 'a' is given twice"});
  CHECK(texts == std::vector<std::string>{"a", "b"});
  CHECK(read("k: [a, [b], {c: d}, ~]") ==
        Errors{":1:8: k[1]: is a list; expected a text",
               ":1:13: k[2]: is a map; expected a text",
               ":1:21: k[3]: has no value; expected a text"});
  CHECK(texts == std::vector<std::string>{"a"});
  CHECK(read("k: []") ==
        Errors{":1:4: k: is an empty list; expected a text, or a list of "
               "them"});
}

TEST_CASE("map_reader: texts that nothing may have") {
  const auto read = [](const std::string& yaml) {
    std::string text;
    const Errors errors =
        Read(yaml, [&](MapReader& map) { map.String("k", AnyText, text); });
    CHECK(text.empty() == !errors.empty());
    return errors;
  };
  CHECK(read("k: ''") == Errors{":1:4: k: '' is empty"});
  CHECK(read("k: \"a\\0b\"") == Errors{":1:4: k: 'a\\x00b' has a NUL in it"});
  CHECK(read("k: |\n  a\nl: b\n") ==
        Errors{":1:4: k: 'a\\n' ends with a line end"});
  CHECK(read("k: " + std::string(4096, 'a')).empty());
  CHECK(read("k: " + std::string(4097, 'a')) ==
        Errors{":1:4: k: '" + std::string(60, 'a') +
               "...' is longer than 4096 bytes"});
}

TEST_CASE("map_reader: only plain words are numbers and truth values") {
  const auto read = [](const std::string& value) {
    bool truth = false;
    size_t count = 0;
    std::vector<pid_t> pids;
    return Read("t: " + value + "\nc: " + value + "\np: " + value,
                [&](MapReader& map) {
                  map.Bool("t", truth);
                  map.Count("c", count);
                  map.Pids("p", pids);
                })
        .size();
  };
  // As many of the three as are wrong.
  CHECK(read("true") == 2);
  CHECK(read("1") == 1);
  CHECK(read("0") == 2);
  for (const char* const bad :
       {"'true'", "'1'", "TRUE", "01", "0x1", "+1", "1.0", "1 ", "1e3", "-1",
        "4194305", "18446744073709551616", "~", "[]", "{}"}) {
    CAPTURE(bad);
    CHECK(read(bad) == (std::string(bad) == "1 " ? 1 : 3));
  }
}

TEST_CASE("map_reader: keys that nobody asked for, and keys given twice") {
  size_t count = 0;
  const auto read = [&](const std::string& yaml) {
    return Read(
        yaml,
        [&](MapReader& map) {
          map.Count("top", count);
          map.Find("other");
          map.Find("top");
          map.RejectOthers();
        },
        "a.b");
  };
  CHECK(read("tap: 1\nx: 2") ==
        Errors{":1:1: a.b.tap: is an unknown key (did you mean top?); "
               "expected one of top, other",
               ":2:1: a.b.x: is an unknown key; expected one of top, other"});
  CHECK(read("top: 1\ntop: 2") ==
        Errors{":2:1: a.b.top: is given twice; the first is in line 1"});
  // The first counts.
  CHECK(count == 1);
  CHECK(read("[a]: 1\n") ==
        Errors{":1:1: a.b: has a key that is a list; expected a word"});
}

TEST_CASE("map_reader: hostile keys are shown escaped and cut") {
  const auto read = [](const std::string& key) {
    return Read("\"" + key + "\": 1",
                [](MapReader& map) { map.RejectOthers(); });
  };
  CHECK(read("a\\nb: c") ==
        Errors{":1:1: 'a\\nb: c': is an unknown key; expected one of "});
  CHECK(read(std::string(100, 'k')) ==
        Errors{":1:1: '" + std::string(60, 'k') +
               "...': is an unknown key; expected one of "});
  CHECK(read("") == Errors{":1:1: '': is an unknown key; expected one of "});
}

TEST_CASE("map_reader: a key that should be there, in what should be a map") {
  const auto read = [](const std::string& yaml) {
    return Read(
        yaml, [](MapReader& map) { map.Missing("name", "a name"); }, "t[0]");
  };
  CHECK(read("{}") == Errors{":1:1: t[0].name: is missing; expected a name"});
  CHECK(read("~") == Errors{":1:1: t[0].name: is missing; expected a name"});
  CHECK(read("[a]") ==
        Errors{":1:1: t[0]: is a list; expected keys with values"});
  CHECK(read("word") ==
        Errors{":1:1: t[0]: is 'word'; expected keys with values"});
}

TEST_CASE("map_reader: errors come in the order of the file, up to a bound") {
  ErrorList list;
  list.Add({3, 1}, "b", "third");
  list.Add({1, 2}, "a", "first");
  list.Add({3, 1}, "c", "fourth, as it was added later");
  list.Add({2, 9}, "d", "second");
  CHECK(ToStrings("", list.Take()) ==
        Errors{":1:2: a: first", ":2:9: d: second", ":3:1: b: third",
               ":3:1: c: fourth, as it was added later"});
  ErrorList full;
  for (int i = 1; i <= 1001; ++i) full.Add({i, 1}, "", "x");
  const ConfigErrors errors = full.Take();
  REQUIRE(errors.size() == 1001);
  CHECK(errors[999].position.line == 1000);
  CHECK(errors[1000] ==
        ConfigError{{}, "", "there are more errors than these"});
}

}  // namespace
}  // namespace leak_exporter::config
