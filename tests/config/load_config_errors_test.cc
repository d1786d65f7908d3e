#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/config/config_errors.h"

namespace leak_exporter::config {
namespace {

TEST_CASE("config errors: every error at once, in the order of the file") {
  CHECK(Errors(R"(debugging:
  pid_profile: {interval: 5}
  memory_profil: {interval: 5 minutes}
targets:
  - name: a
    match: {pid: 0, exe: python3}
  - name: a
    match: {}
collectors:
  memory: {smaps: 1}
)") == std::vector<std::string>{
           "2:27: debugging.pid_profile.interval: '5' has no unit; expected a "
           "duration such as 5 minutes",
           "3:3: debugging.memory_profil: is an unknown key (did you mean "
           "memory_profile?); expected one of memory_profile, pid_profile, "
           "disk_profile, mapping_profile, output",
           "6:18: targets[0].match.pid: '0' is not valid; expected a process "
           "id from 1 to 4194304",
           "6:26: targets[0].match.exe: 'python3' can match no path; expected "
           "a glob that begins with / or *",
           "7:11: targets[1].name: 'a' is the name of another target, in line "
           "5; expected one of its own",
           "8:12: targets[1].match: is empty, so it would match every process; "
           "expected at least one condition, such as pid_file: /run/app.pid",
           "10:19: collectors.memory.smaps: '1' is not valid; expected true or "
           "false"});
}

TEST_CASE("config errors: no targets, or none that can be one") {
  const std::string condition =
      "; expected at least one condition, such as pid_file: /run/app.pid";
  CheckAll({
      {"", {" targets: is missing; expected a list of at least one target"}},
      {"# only a comment\n",
       {" targets: is missing; expected a list of at least one target"}},
      {"debugging:\n",
       {"1:1: targets: is missing; expected a list of at least one target"}},
      {"targets:\n",
       {"1:1: targets: is empty; expected a list of at least one target"}},
      {"targets: []\n",
       {"1:10: targets: is empty; expected a list of at least one target"}},
      {"targets: {}\n",
       {"1:10: targets: is a map; expected a list of at least one target"}},
      {"targets: python\n",
       {"1:10: targets: is 'python'; expected a list of at least one target"}},
      {"targets:\n  - python\n",
       {"2:5: targets[0]: is 'python'; expected keys with values"}},
      {"targets:\n  - [a]\n",
       {"2:5: targets[0]: is a list; expected keys with values"}},
      {"targets:\n  - name: a\n",
       {"2:5: targets[0].match: is missing" + condition}},
      {"targets:\n  - match: {pid: 1}\n",
       {"2:5: targets[0].name: is missing; expected a name, for the label "
        "target"}},
      {"targets:\n  - name: a\n    match:\n",
       {"3:5: targets[0].match: is empty, so it would match every process" +
        condition}},
      {"targets:\n  - name: a\n    match: python\n",
       {"3:12: targets[0].match: is 'python'; expected keys with values"}},
      {"[]", {"1:1: is a list; expected keys with values"}},
      {"python", {"1:1: is 'python'; expected keys with values"}},
  });
}

TEST_CASE("config errors: names") {
  const auto name = [](const std::string& text) {
    return "targets: [{match: {pid: 1}, name: " + text + "}]";
  };
  const std::string key = "1:35: targets[0].name: ";
  CheckAll({
      {name("''"), {key + "'' is empty"}},
      {"targets: [{match: {pid: 1}, name: }]",
       {"1:29: targets[0].name: has no value; expected a text"}},
      {name("[a]"), {key + "is a list; expected a text"}},
      {name("{a: b}"), {key + "is a map; expected a text"}},
      {name("\"a\\nb\""), {key + "'a\\nb' has a control character in it"}},
      {name("\"a\\0b\""), {key + "'a\\x00b' has a NUL in it"}},
      {name(std::string(128, 'x')), {}},
      {name(std::string(129, 'x')),
       {key + "'" + std::string(60, 'x') + "...' is longer than 128 bytes"}},
  });
}

TEST_CASE("config errors: conditions") {
  const auto match = [](const std::string& text) {
    return "targets: [{name: a, match: {" + text + "}}]";
  };
  const auto at = [](const std::string& key, const std::string& message) {
    return "1:" + std::to_string(31 + key.size()) + ": targets[0].match." +
           key + ": " + message;
  };
  const std::string pid =
      " is not valid; expected a process id from 1 to 4194304";
  const std::string relative =
      " is a relative path; expected one that begins with /";
  const std::string unit =
      " is no unit's name; expected one such as app.service or app.scope";
  CheckAll({
      {match("pid: 0"), {at("pid", "'0'" + pid)}},
      {match("pid: -4"), {at("pid", "'-4'" + pid)}},
      {match("pid: 4194305"), {at("pid", "'4194305'" + pid)}},
      {match("pid: 4194304"), {}},
      {match("pid: 99999999999999999999"),
       {at("pid", "'99999999999999999999'" + pid)}},
      {match("pid: 1.0"), {at("pid", "'1.0'" + pid)}},
      {match("pid: 010"), {at("pid", "'010'" + pid)}},
      {match("pid: 0x10"), {at("pid", "'0x10'" + pid)}},
      {match("pid: '7'"), {at("pid", "'7'" + pid)}},
      {match("pid: python"), {at("pid", "'python'" + pid)}},
      {match("pid: {a: b}"),
       {at("pid",
           "is a map; expected a process id from 1 to 4194304, or a list of "
           "them")}},
      {match("pid: []"),
       {at("pid",
           "is an empty list; expected a process id from 1 to 4194304, or a "
           "list of them")}},
      {match("pid: [1, 2, 1]"),
       {"1:41: targets[0].match.pid[2]: '1' is given twice"}},
      {match("pid: [1, [2]]"),
       {"1:38: targets[0].match.pid[1]: is a list; expected a process id from "
        "1 to 4194304"}},
      {match("pid_file: run/a.pid"),
       {at("pid_file", "'run/a.pid'" + relative)}},
      {match("pid_file: /run/"),
       {at("pid_file", "'/run/' is a directory; expected a file")}},
      {match("pid_file: ''"), {at("pid_file", "'' is empty")}},
      {match("pid_file: /" + std::string(4096, 'a')),
       {at("pid_file",
           "'/" + std::string(59, 'a') + "...' is longer than 4096 bytes")}},
      {match("comm: ''"), {at("comm", "'' is empty")}},
      {match("comm: abcdefghijklmno"), {}},
      {match("comm: abcdefghijklmnop"),
       {at("comm",
           "'abcdefghijklmnop' is longer than the 15 bytes that the kernel "
           "keeps; expected the name as ps -o comm shows it")}},
      {match("comm: [a, ~]"),
       {"1:39: targets[0].match.comm[1]: has no value; expected a text"}},
      {match("comm: {a: b}"),
       {at("comm", "is a map; expected a text, or a list of them")}},
      {match("exe: python3"),
       {at("exe",
           "'python3' can match no path; expected a glob that begins with / or "
           "*")}},
      {match("exe: ''"), {at("exe", "'' is empty")}},
      {match("exe: ['*python3', '?usr', '[/]usr']"), {}},
      {match("cmdline: '(a'"),
       {at("cmdline",
           "'(a' is no regular expression: missing ): (a; expected RE2's "
           "syntax")}},
      {match("cmdline: 'a**'"),
       {at("cmdline",
           "'a**' is no regular expression: bad repetition operator: **; "
           "expected RE2's syntax")}},
      {match("cmdline: \"a\\n\\\\1\""),
       {at("cmdline",
           "'a\\n\\1' is no regular expression: invalid escape sequence: \\1; "
           "expected RE2's syntax")}},
      {match("cmdline: '(?P<\x01>x)'"),
       {"1:43: has the control character '\\x01'"}},
      {match("cmdline: \"[\\n.\""),
       {at("cmdline",
           "'[\\n.' is no regular expression: missing ]: [\\n.; expected RE2's "
           "syntax")}},
      {"targets:\n- name: a\n  match:\n    cmdline: |\n      a\n    pid: 1\n",
       {"4:14: targets[0].match.cmdline: 'a\\n' ends with a line end"}},
      {match("cmdline: ''"), {at("cmdline", "'' is empty")}},
      {match("user: a:b"),
       {at("user", "'a:b' is no user name; expected one, or a uid")}},
      {match("user: -1"),
       {at("user", "'-1' is no user name; expected one, or a uid")}},
      {match("user: 4294967294"), {}},
      {match("user: 4294967295"),
       {at("user",
           "'4294967295' is no uid; expected one from 0 to 4294967294")}},
      {match("systemd_unit: app"), {at("systemd_unit", "'app'" + unit)}},
      {match("systemd_unit: .service"),
       {at("systemd_unit", "'.service'" + unit)}},
      {match("systemd_unit: a/b.service"),
       {at("systemd_unit", "'a/b.service'" + unit)}},
      {match("systemd_unit: app.timer"),
       {at("systemd_unit", "'app.timer'" + unit)}},
      {match("container: a/b"),
       {at("container",
           "'a/b' can match no container id; expected a glob without /")}},
      {match("comm: a, comm: b"),
       {"1:38: targets[0].match.comm: is given twice; the first is in line "
        "1"}},
      {match("coom: a"),
       {"1:29: targets[0].match.coom: is an unknown key (did you mean comm?); "
        "expected one of pid, pid_file, comm, exe, cmdline, user, "
        "systemd_unit, container"}},
  });
}

TEST_CASE("config errors: directories") {
  const auto target = [](const std::string& text) {
    return "targets: [{name: a, match: {pid: 1}, " + text + "}]";
  };
  CheckAll({
      {target("repository_caches: opt"),
       {"1:57: targets[0].repository_caches: 'opt' is a relative path; "
        "expected one that begins with /"}},
      {target("repository_caches: [/a, /b, /a]"),
       {"1:66: targets[0].repository_caches[2]: '/a' is given twice"}},
      {target("repository_caches: []"),
       {"1:57: targets[0].repository_caches: is an empty list; expected a "
        "text, or a list of them"}},
      {target("repository_caches: /a"), {}},
      {target("temporary_directories: {paths: ['tmp*', '']}"),
       {"1:70: targets[0].temporary_directories.paths[0]: 'tmp*' is a relative "
        "path; expected one that begins with /",
        "1:78: targets[0].temporary_directories.paths[1]: '' is empty"}},
      {target("temporary_directories: {children_working_directories: yes}"),
       {"1:92: targets[0].temporary_directories.children_working_directories: "
        "'yes' is not valid; expected true or false"}},
      {target("temporary_directories: [/tmp]"),
       {"1:61: targets[0].temporary_directories: is a list; expected keys with "
        "values"}},
      {target("repository_cache: /a"),
       {"1:38: targets[0].repository_cache: is an unknown key (did you mean "
        "repository_caches?); expected one of name, match, repository_caches, "
        "temporary_directories"}},
  });
}

TEST_CASE("config errors: what is no YAML, or not the YAML of this file") {
  CheckAll({
      {"targets: [a\n", {"1:1: bad YAML: end of sequence flow not found"}},
      {"? [a]\n: b\n",
       {"1:1: targets: is missing; expected a list of at least one target",
        "1:3: has a key that is a list; expected a word"}},
      {"<<: {targets: []}\n",
       {"1:1: targets: is missing; expected a list of at least one target",
        "1:1: '<<': is an unknown key; expected one of targets, collectors, "
        "debugging"}},
      {"\"a\\nb\": 1\ntargets: [{name: a, match: {pid: 1}}]\n",
       {"1:1: 'a\\nb': is an unknown key; expected one of targets, "
        "collectors, debugging"}},
      {"targets: [{name: a, match: {pid: 1}}]\ntargets:\n",
       {"2:1: targets: is given twice; the first is in line 1"}},
  });
}

}  // namespace
}  // namespace leak_exporter::config
