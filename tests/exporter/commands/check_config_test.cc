#include "exporter/commands/check_config.h"

#include <sstream>
#include <string>

#include "tests/catch.h"
#include "tests/config_file.h"

namespace leak_exporter {
namespace {

Options For(const std::string& path) {
  Options options;
  options.config_file = path;
  return options;
}

TEST_CASE("check-config: says that a file is right, or all that is wrong") {
  const ConfigFile right("targets: [{name: a, match: {comm: b}}]\n");
  std::ostringstream out;
  std::ostringstream err;
  CHECK(RunCheckConfig(For(right.path()), out, err) == 0);
  CHECK(out.str() == right.path() + ": ok, 1 target\n");
  CHECK(err.str().empty());

  const ConfigFile wrong("targets:\nheap:\n");
  out.str("");
  CHECK(RunCheckConfig(For(wrong.path()), out, err) == 1);
  CHECK(out.str().empty());
  CHECK(
      err.str() ==
      wrong.path() +
          ":1:1: targets: is empty; expected a list of at least one target\n" +
          wrong.path() +
          ":2:1: heap: is an unknown key; expected one of targets, "
          "collectors, debugging\n");

  err.str("");
  CHECK(RunCheckConfig(For("/nowhere.yml"), out, err) == 1);
  CHECK(err.str() == "/nowhere.yml: No such file or directory\n");
}

TEST_CASE("check-config: looks into a web configuration as well") {
  const ConfigFile right("targets: [{name: a, match: {comm: b}}]\n");
  const ConfigFile web(
      "tls_server_config: {cert_file: /no/a, key_file: /no/b}");
  Options options = For(right.path());
  options.web_config_file = web.path();
  std::ostringstream out;
  std::ostringstream err;
  CHECK(RunCheckConfig(options, out, err) == 1);
  CHECK(out.str().empty());
  CHECK(err.str() ==
        web.path() +
            ":1:32: tls_server_config.cert_file: /no/a: No such file or "
            "directory\n" +
            web.path() +
            ":1:49: tls_server_config.key_file: /no/b: No such file or "
            "directory\n");
}

}  // namespace
}  // namespace leak_exporter
