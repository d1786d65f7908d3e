#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/load_config.h"
#include "tests/fuzz/one_line_each.h"

// Whatever a file holds, it is a configuration or a list of single lines. The
// corpus to begin with is the example file in config/.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace config = leak_exporter::config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = config::ParseConfig(text, config::Targets::kRequired);
  if (loaded) {
    if (loaded->targets.empty()) std::abort();
    return 0;
  }
  RequireOneLineEach(config::ToStrings("f", loaded.error()), 2000);
  return 0;
}
