#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/config/config_errors.h"

namespace leak_exporter::config {
namespace {

TEST_CASE("config errors: collectors") {
  const auto with = [](const std::string& text) {
    return "collectors: {" + text + "}\ntargets: [{name: a, match: {pid: 1}}]";
  };
  const std::string count =
      " is not valid; expected a whole number from 0 to 10000";
  const std::string truth = " is not valid; expected true or false";
  CheckAll({
      {with("memory: {enabled: 'true'}"),
       {"1:32: collectors.memory.enabled: 'true'" + truth}},
      {with("memory: {enabled: True}"),
       {"1:32: collectors.memory.enabled: 'True'" + truth}},
      {with("memory: {enabled: on}"),
       {"1:32: collectors.memory.enabled: 'on'" + truth}},
      {with("memory: {enabled: }"),
       {"1:23: collectors.memory.enabled: has no value; expected true or "
        "false"}},
      {with("memory: {enabled: [true]}"),
       {"1:32: collectors.memory.enabled: is a list; expected true or false"}},
      {with("memory: true"),
       {"1:22: collectors.memory: is 'true'; expected keys with values"}},
      {with("memory: {smaps_interval: 5}"),
       {"1:39: collectors.memory.smaps_interval: '5' has no unit; expected a "
        "duration such as 5 minutes"}},
      {with("memory: {smaps_interval: [5 minutes]}"),
       {"1:39: collectors.memory.smaps_interval: is a list; expected a "
        "duration such as 5 minutes"}},
      {with("memory: {smaps_max_resident: 4G}"),
       {"1:43: collectors.memory.smaps_max_resident: '4G' has an unknown unit "
        "'G'; expected a size such as 512MB or 4GiB"}},
      {with("memory: {smaps_max_resident: }"),
       {"1:23: collectors.memory.smaps_max_resident: has no value; expected a "
        "size such as 512MB or 4GiB"}},
      {with("mappings: {threshold: -1}"),
       {"1:36: collectors.mappings.threshold: '-1' is negative; expected a "
        "size such as 512MB or 4GiB"}},
      {with("mappings: {top: 10001}"),
       {"1:30: collectors.mappings.top: '10001'" + count}},
      {with("mappings: {top: -1}"),
       {"1:30: collectors.mappings.top: '-1'" + count}},
      {with("mappings: {top: 1.5}"),
       {"1:30: collectors.mappings.top: '1.5'" + count}},
      {with("mappings: {top: '5'}"),
       {"1:30: collectors.mappings.top: '5'" + count}},
      {with("mappings: {top: all}"),
       {"1:30: collectors.mappings.top: 'all'" + count}},
      {with("python_heap: {frieze: true}"),
       {"1:28: collectors.python_heap.frieze: is an unknown key (did you mean "
        "freeze?); expected one of enabled, min_interval, top, values, "
        "freeze, processes, max_processes, cpu_share"}},
      {with("python_heap: {processes: some, cpu_share: 0}"),
       {"1:39: collectors.python_heap.processes: 'some' is not valid; expected "
        "all or main",
        "1:56: collectors.python_heap.cpu_share: '0' is not valid; expected a "
        "number above 0, at most 1"}},
      {with("python_heap: {cpu_share: 1.01}"),
       {"1:39: collectors.python_heap.cpu_share: '1.01' is not valid; expected "
        "a number above 0, at most 1"}},
      {with("python_heap: {cpu_share: 5e-2}"),
       {"1:39: collectors.python_heap.cpu_share: '5e-2' is not valid; expected "
        "a number above 0, at most 1"}},
      {with("python_heap: {cpu_share: nan}"),
       {"1:39: collectors.python_heap.cpu_share: 'nan' is not valid; expected "
        "a number above 0, at most 1"}},
      {with("open_files: {top: 5}"),
       {"1:27: collectors.open_files.top: is an unknown key; expected one of "
        "enabled"}},
      {with("heap: {}"),
       {"1:14: collectors.heap: is an unknown key; expected one of "
        "process_tree, memory, mappings, open_files, disk_usage, "
        "python_heap"}},
      {with("memory: {smaps: true}, memory: {smaps: false}"),
       {"1:37: collectors.memory: is given twice; the first is in line 1"}},
  });
}

TEST_CASE("config errors: debugging") {
  const auto with = [](const std::string& text) {
    return "targets: [{name: a, match: {pid: 1}}]\ndebugging:\n" + text;
  };
  const std::string expected = "; expected a duration such as 5 minutes";
  const std::string key = ": debugging.pid_profile.interval: ";
  std::vector<Case> cases = {
      {with("  pid_profile:\n"), {"3:3" + key + "is missing" + expected}},
      {with("  pid_profile: {}\n"), {"3:16" + key + "is missing" + expected}},
      {with("  pid_profile: {interval: }\n"),
       {"3:17" + key + "has no value" + expected}},
      {with("  pid_profile: 5 minutes\n"),
       {"3:16: debugging.pid_profile: is '5 minutes'; expected keys with "
        "values"}},
      {with("  pid_profile: {interval: 5 minutes, intervall: 1}\n"),
       {"3:38: debugging.pid_profile.intervall: is an unknown key (did you "
        "mean interval?); expected one of interval"}},
      {with("  output: profiles.log\n"),
       {"3:11: debugging.output: 'profiles.log' is a relative path; expected "
        "one that begins with /"}},
      {with("  output: /var/log/\n"),
       {"3:11: debugging.output: '/var/log/' is a directory; expected a "
        "file"}},
      {with("  output: [/a]\n"),
       {"3:11: debugging.output: is a list; expected a text"}},
  };
  const std::vector<std::pair<std::string, std::string>> intervals = {
      {"5", "'5' has no unit"},
      {"'5'", "'5' has no unit"},
      {"5.0", "'5.0' has a fraction"},
      {"1:30", "'1:30' is not a duration"},
      {"0 minutes", "'0 minutes' is zero"},
      {"-5 minutes", "'-5 minutes' is negative"},
      {"monday", "'monday' names a weekday, which is no duration"},
      {"mondays", "'mondays' names a weekday, which is no duration"},
      {"true", "'true' has an unknown unit 'true'"},
      {"2026-11-21", "'2026-11-21' is not a duration"},
      {"99999999 weeks", "'99999999 weeks' is longer than 366 days"},
  };
  for (const auto& [text, message] : intervals) {
    cases.push_back({with("  pid_profile:\n    interval: " + text + "\n"),
                     {"4:15" + key + message + expected}});
  }
  CheckAll(cases);
}

}  // namespace
}  // namespace leak_exporter::config
