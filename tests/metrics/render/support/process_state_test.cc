#include "metrics/render/support/process_state.h"

#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::render {
namespace {

TEST_CASE("process state: the kernel's letters have names") {
  const std::vector<std::pair<char, std::string_view>> cases = {
      {'R', "running"}, {'S', "sleeping"},     {'D', "disk_sleep"},
      {'T', "stopped"}, {'t', "tracing_stop"}, {'Z', "zombie"},
      {'X', "dead"},    {'x', "dead"},         {'I', "idle"},
      {'P', "parked"},  {'K', "wakekill"},     {'W', "waking"},
      {'?', "unknown"}, {'\0', "unknown"},     {'\xFF', "unknown"}};
  for (const auto& [letter, name] : cases) {
    CHECK(kProcessStates[ProcessStateIndex(letter)] == name);
  }
}

TEST_CASE("process state: any byte is a state, names are unique") {
  for (int byte = 0; byte < 256; ++byte) {
    CHECK(ProcessStateIndex(static_cast<char>(byte)) < kProcessStates.size());
  }
  const std::set<std::string_view> names(kProcessStates.begin(),
                                         kProcessStates.end());
  CHECK(names.size() == kProcessStates.size());
}

TEST_CASE("process state: those that are always shown come first") {
  for (const char letter : {'R', 'S', 'D', 'T', 'Z'}) {
    CHECK(ProcessStateIndex(letter) < kConstantProcessStates);
  }
  for (const char letter : {'t', 'I', 'X', 'P', 'K', 'W', '?'}) {
    CHECK(ProcessStateIndex(letter) >= kConstantProcessStates);
  }
}

}  // namespace
}  // namespace leak_exporter::render
