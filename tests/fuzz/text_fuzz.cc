// Small texts from users and targets: durations, sizes, addresses, command
// lines and log lines. The input is cut at its NUL bytes.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "config/duration.h"
#include "config/size.h"
#include "exporter/cli/listen_address.h"
#include "exporter/cli/parse_options.h"
#include "exporter/log/log_line.h"

namespace leak_exporter {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckText(const std::string& text) {
  const auto duration = config::ParseDuration(text);
  if (duration) {
    Require(duration->count() > 0 && *duration <= config::kLongestDuration);
  }
  (void)config::ParseSize(text);
  if (const auto address = ParseListenAddress(text)) {
    Require(ParseListenAddress(ToString(*address)) == *address);
  }
  for (const LogFormat format : {LogFormat::kLogfmt, LogFormat::kJson}) {
    const std::string line =
        LogLine(format, std::chrono::system_clock::time_point(),
                LogLevel::kInfo, EventText(format, text, {{"key", text}}));
    Require(line.find('\n') == std::string::npos && line.size() < 65536);
  }
}

}  // namespace
}  // namespace leak_exporter

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace leak_exporter;
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> words = {"leak_exporter"};
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\0', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  std::vector<const char*> arguments;
  for (const std::string& word : words) {
    CheckText(word);
    arguments.push_back(word.c_str());
  }
  (void)ParseOptions(static_cast<int>(arguments.size()), arguments.data());
  return 0;
}
