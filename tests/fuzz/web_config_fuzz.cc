// Whatever a web configuration file holds, it is a configuration or a list of
// single lines.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/load_web_config.h"
#include "tests/fuzz/one_line_each.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace config = leak_exporter::config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = config::ParseWebConfig(text, "/etc/");
  if (loaded) return 0;
  RequireOneLineEach(config::ToStrings("f", loaded.error()), 4000);
  return 0;
}
