// Whatever a web configuration file holds, it is a configuration or a list of
// single lines.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/load_web_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace config = leak_exporter::config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = config::ParseWebConfig(text, "/etc/");
  if (loaded) return 0;
  const auto lines = config::ToStrings("f", loaded.error());
  if (lines.empty()) std::abort();
  for (const std::string& line : lines) {
    const bool one_line = std::none_of(line.begin(), line.end(), [](char c) {
      return static_cast<unsigned char>(c) < 0x20;
    });
    if (!one_line || line.size() > 4000) std::abort();
  }
  return 0;
}
