#include "config/text_checks.h"

#include <optional>
#include <string>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::config {
namespace {

using CheckFunction = std::optional<std::string> (*)(const std::string&);

struct Case {
  std::string text;
  /// Empty for a text that is right.
  std::string wrong;
};

void CheckAll(CheckFunction check, const std::vector<Case>& cases) {
  for (const Case& expected : cases) {
    CAPTURE(expected.text);
    CHECK(check(expected.text).value_or("") == expected.wrong);
  }
}

TEST_CASE("text_checks: a name is short and stays on its line") {
  const std::string control = "has a control character in it";
  CheckAll(CheckName, {
                          {"analyzer", ""},
                          {" a b ", ""},
                          {"caf\xc3\xa9", ""},
                          {std::string(128, 'x'), ""},
                          {std::string(129, 'x'), "is longer than 128 bytes"},
                          {"a\nb", control},
                          {"a\x1b[2J", control},
                          {"a\x7f", control},
                          {"a\xc2\x9b", control},
                          {"a\xe2\x80\xa8", control},
                          {"\xff", control},
                      });
}

TEST_CASE("text_checks: paths are absolute") {
  const std::string relative =
      "is a relative path; expected one that begins with /";
  CheckAll(CheckFilePath, {{"/run/a.pid", ""},
                           {"/a", ""},
                           {"run/a.pid", relative},
                           {"./a", relative},
                           {"~/a", relative},
                           {"/run/", "is a directory; expected a file"},
                           {"/", "is a directory; expected a file"}});
  CheckAll(CheckDirectoryPath, {{"/tmp", ""},
                                {"/tmp/", ""},
                                {"/", ""},
                                {"/tmp/tmp*", ""},
                                {"tmp*", relative},
                                {"*", relative}});
}

TEST_CASE("text_checks: a comm fits what the kernel keeps") {
  CheckAll(CheckComm,
           {{"python3", ""},
            {std::string(15, 'x'), ""},
            {"a)\xff b", ""},
            {std::string(16, 'x'),
             "is longer than the 15 bytes that the kernel keeps; expected the "
             "name as ps -o comm shows it"}});
}

TEST_CASE("text_checks: an executable's glob can match an absolute path") {
  const std::string none =
      "can match no path; expected a glob that begins with / or *";
  CheckAll(CheckExecutableGlob, {{"/usr/bin/python3*", ""},
                                 {"*python3", ""},
                                 {"?usr/bin/x", ""},
                                 {"[/]usr", ""},
                                 {"python3", none},
                                 {"./python3", none},
                                 {" /usr/bin/x", none},
                                 {"\\/usr", none}});
}

TEST_CASE("text_checks: a pattern is one of RE2's") {
  CheckAll(CheckRegularExpression,
           {{"agent\\.py$", ""},
            {"", ""},
            {"\xc3\xa9", ""},
            {"(",
             "is no regular expression: missing ): (; expected RE2's "
             "syntax"},
            {"a(?=b)",
             "is no regular expression: invalid perl operator: (?=; expected "
             "RE2's syntax"},
            {"[\n",
             "is no regular expression: missing ]: [\\n; expected RE2's "
             "syntax"},
            // Compiled it would take more memory than RE2 gives a pattern.
            {"((x{1000}){1000}){1000}",
             "is no regular expression: invalid repetition size: "
             "{1000}; expected RE2's syntax"},
            {"\xff",
             "is no regular expression: invalid UTF-8; expected RE2's "
             "syntax"}});
}

TEST_CASE("text_checks: a user is a name or a uid") {
  const std::string name = "is no user name; expected one, or a uid";
  const std::string uid = "is no uid; expected one from 0 to 4294967294";
  CheckAll(CheckUser, {{"skyline", ""},
                       {"first.last@example", ""},
                       {"0", ""},
                       {"4294967294", ""},
                       {"4294967295", uid},
                       {"99999999999999999999999", uid},
                       {"-1", name},
                       {"a:b", name},
                       {"a\nb", name},
                       {"\xff", name}});
}

TEST_CASE("text_checks: a unit has a name and a suffix that has a cgroup") {
  const std::string unit =
      "is no unit's name; expected one such as app.service or app.scope";
  for (const std::string suffix :
       {".service", ".scope", ".slice", ".socket", ".mount", ".swap"}) {
    CheckAll(CheckSystemdUnit, {{"app" + suffix, ""}, {suffix, unit}});
  }
  CheckAll(CheckSystemdUnit, {{"getty@tty1.service", ""},
                              {"a\\x2db.service", ""},
                              {"app", unit},
                              {"app.timer", unit},
                              {"app.service ", unit},
                              {"a/b.service", unit}});
}

TEST_CASE("text_checks: a container's glob has no slash") {
  const std::string none =
      "can match no container id; expected a glob without /";
  CheckAll(
      CheckContainerGlob,
      {{"4f2a*", ""}, {"[0-9a-f]*", ""}, {"docker/4f2a", none}, {"/", none}});
}

}  // namespace
}  // namespace leak_exporter::config
