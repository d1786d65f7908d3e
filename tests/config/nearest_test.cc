#include "config/nearest.h"

#include <string>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::config {
namespace {

TEST_CASE("nearest: a misspelt word is told, a strange one is not") {
  const std::vector<std::string> known = {"pid", "pid_file", "comm", "exe"};
  CHECK(DidYouMean("pid_fil", known) == " (did you mean pid_file?)");
  CHECK(DidYouMean("pidfile", known) == " (did you mean pid_file?)");
  CHECK(DidYouMean("pids", known) == " (did you mean pid?)");
  CHECK(DidYouMean("com", known) == " (did you mean comm?)");
  CHECK(DidYouMean("exec", known) == " (did you mean exe?)");
  CHECK(DidYouMean("PIDFILE", known) == " (did you mean pid_file?)");
  CHECK(DidYouMean("p", known).empty());
  CHECK(DidYouMean("user", known).empty());
  CHECK(DidYouMean("", known).empty());
  CHECK(DidYouMean("pid", {}).empty());
  CHECK(DidYouMean(std::string(65, 'p'), known).empty());
}

}  // namespace
}  // namespace leak_exporter::config
