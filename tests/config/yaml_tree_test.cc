#include "config/yaml_tree.h"

#include <string>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::config {
namespace {

using Kind = YamlNode::Kind;
using std::string_literals::operator""s;

YamlNodePtr Parsed(const std::string& text) {
  const auto node = ParseYaml(text);
  INFO(text);
  INFO((node ? std::string() : ToString("f", node.error())));
  REQUIRE(node);
  REQUIRE(*node);
  return *node;
}

// The tree on one line: texts in quotes where they are not plain.
std::string Shown(const YamlNode& node) {
  std::string text;
  switch (node.kind) {
    case Kind::kNull:
      return "~";
    case Kind::kScalar:
      return node.plain ? node.text : "'" + node.text + "'";
    case Kind::kList:
      for (const YamlNodePtr& item : node.items) text += Shown(*item) + ",";
      return "[" + text + "]";
    case Kind::kMap:
      for (const YamlEntry& entry : node.entries) {
        text += Shown(*entry.key) + ":" + Shown(*entry.value) + ",";
      }
      return "{" + text + "}";
  }
  return text;
}

TEST_CASE("yaml_tree: lists, maps, scalars and nulls") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "~"},
      {"# nothing\n", "~"},
      {"---\n", "~"},
      {"5", "5"},
      {"'5'", "'5'"},
      {"\"5\"", "'5'"},
      {"~", "~"},
      {"null", "~"},
      {"[]", "[]"},
      {"{}", "{}"},
      {"- a\n- [b, 'c']\n-\n", "[a,[b,'c',],~,]"},
      {"a: 1\nb: {c: true}\nd:\n", "{a:1,b:{c:true,},d:~,}"},
      {"a: b # c\n", "{a:b,}"},
      {"a: |\n  x\n  y\nb: c\n", "{a:'x\ny\n',b:c,}"},
      // Every entry is kept, those with the same key too.
      {"a: 1\na: 2\n", "{a:1,a:2,}"},
      {"? [a]\n: b\n", "{[a,]:b,}"},
      {"\xEF\xBB\xBF"
       "a: 1\n",
       "{a:1,}"},
      {"a: 1\r\nb: 2\r\n", "{a:1,b:2,}"},
  };
  for (const auto& [text, shown] : cases) {
    CAPTURE(text);
    CHECK(Shown(*Parsed(text)) == shown);
  }
}

TEST_CASE("yaml_tree: everything has its place, in characters") {
  const YamlNodePtr root =
      Parsed("caf\xc3\xa9: \xe2\x82\xac\nlist:\n  - x\n  - {y: z}\nnone:\n");
  CHECK(root->position == Position{1, 1});
  REQUIRE(root->entries.size() == 3);
  CHECK(root->entries[0].key->position == Position{1, 1});
  CHECK(root->entries[0].value->position == Position{1, 7});
  const YamlNode& list = *root->entries[1].value;
  CHECK(list.position == Position{3, 3});
  CHECK(list.items[0]->position == Position{3, 5});
  CHECK(list.items[1]->entries[0].value->position == Position{4, 9});
  // A value that is not there is shown at its key.
  CHECK(root->entries[2].value->position == Position{5, 1});
}

TEST_CASE("yaml_tree: an alias is the node of its anchor, and counts again") {
  const YamlNodePtr root = Parsed("a: &x [1, 2]\nb: *x\n");
  CHECK(root->entries[0].value == root->entries[1].value);
  CHECK(root->entries[0].value->nodes == 3);
  CHECK(root->nodes == 1 + 2 + 2 * 3);
}

TEST_CASE("yaml_tree: the first thing that stands in the way is the error") {
  struct Case {
    std::string text;
    Position position;
    std::string message;
  };
  for (const Case& bad : {
           Case{"a: \xff\n", {1, 4}, "is not UTF-8"},
           Case{"a: b\n\xc3", {2, 1}, "is not UTF-8"},
           Case{"a: \x04", {1, 4}, "has the control character '\\x04'"},
           Case{"a\0"s, {1, 2}, "has the control character '\\x00'"},
           Case{"a: \x7f", {1, 4}, "has the control character '\\x7f'"},
           Case{"[a", {1, 1}, "bad YAML: end of sequence flow not found"},
           Case{"a: b: c\n", {1, 5}, "bad YAML: illegal map value"},
           Case{"a:\n  - b: c\n   d: e\n",
                {3, 4},
                "bad YAML: end of sequence not found"},
           Case{"caf\xc3\xa9: 'x\n", {1, 9}, "bad YAML: illegal EOF in scalar"},
           Case{"a: \"x\nb: y\n  \n\n",
                {2, 5},
                "bad YAML: illegal EOF in scalar"},
           Case{"\xff\xfe"
                "a\0"s,
                {1, 1},
                "is not UTF-8"},
           Case{"caf\xc3\xa9: \xc3\n", {1, 7}, "is not UTF-8"},
           Case{"a:\n  \x1b[0m\n", {2, 3}, "has the control character '\\x1b'"},
           Case{"a: !!int 5\n",
                {1, 4},
                "has the tag 'tag:yaml.org,2002:int'; expected none"},
           Case{"a: !foo {}\n", {1, 4}, "has the tag '!foo'; expected none"},
           Case{
               "a\n---\nb\n", {2, 1}, "begins a second document; expected one"},
           Case{"a: !x b\n", {1, 4}, "has the tag '!x'; expected none"},
           Case{"a: &a [*a]\n", {1, 8}, "is an alias within its own anchor"},
           // Of two, the one that comes first in the file.
           Case{"a: !x b\nc: [d\n", {1, 4}, "has the tag '!x'; expected none"},
       }) {
    CAPTURE(bad.text);
    const auto node = ParseYaml(bad.text);
    REQUIRE_FALSE(node);
    CHECK(node.error() == ConfigError{bad.position, "", bad.message});
  }
}

TEST_CASE("yaml_tree: its depth is bounded") {
  CHECK(ParseYaml(std::string(32, '[') + std::string(32, ']')));
  const auto deep = ParseYaml(std::string(33, '[') + std::string(33, ']'));
  REQUIRE_FALSE(deep);
  CHECK(deep.error() == ConfigError{{1, 33}, "", "is nested deeper than 32"});
  // Without an end either, which a parser that recurses would not survive.
  CHECK_FALSE(ParseYaml(std::string(500'000, '[')));
}

TEST_CASE("yaml_tree: its size is bounded, what aliases stand for included") {
  std::string list = "[";
  for (int i = 0; i < 49'999; ++i) list += "x,";
  CHECK(Parsed(list + "]")->nodes == 50'000);
  const auto large = ParseYaml(list + "x]");
  REQUIRE_FALSE(large);
  CHECK(large.error().message == "has more than 50000 values, aliases counted");
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 60; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" +
            alias + "," + alias + "]\n";
  }
  const auto bombed = ParseYaml(bomb);
  REQUIRE_FALSE(bombed);
  CHECK(bombed.error().message == large.error().message);
}

}  // namespace
}  // namespace leak_exporter::config
