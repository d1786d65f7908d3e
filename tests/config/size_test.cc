#include "config/size.h"

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::config {
namespace {

TEST_CASE("size: kB is the kernel's, MB decimal, MiB binary, bare bytes") {
  const std::vector<std::pair<std::string, uint64_t>> cases = {
      {"0", 0},
      {"1", 1},
      {"4096", 4096},
      {"4096B", 4096},
      {"1000kB", 1'024'000},
      {"1000 kB", 1'024'000},
      {"1KiB", 1024},
      {"512MB", 512'000'000},
      {"512MiB", uint64_t{512} << 20},
      {"1GB", 1'000'000'000},
      {"4GiB", uint64_t{4} << 30},
      {"4  GiB ", uint64_t{4} << 30},
      {"2TB", 2'000'000'000'000},
      {"1TiB", uint64_t{1} << 40},
      {"9223372036854775807", std::numeric_limits<int64_t>::max()},
      {"8388607TiB", uint64_t{8388607} << 40},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    const auto size = ParseSize(text);
    REQUIRE(size);
    CHECK(*size == expected);
  }
}

TEST_CASE("size: what is wrong is named") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "'' is empty"},
      {"kB", "'kB' has no number"},
      {"x", "'x' has no number"},
      {" 5", "' 5' has no number"},
      {"+5", "'+5' has no number"},
      {"-1", "'-1' is negative"},
      {"-1GiB", "'-1GiB' is negative"},
      {"1.5GiB", "'1.5GiB' has a fraction"},
      {"1,5GiB", "'1,5GiB' has a fraction"},
      {"1GiB2MiB", "'1GiB2MiB' is not a size"},
      {"5%", "'5%' is not a size"},
      {"1_000", "'1_000' is not a size"},
      {"5K", "'5K' has an unknown unit 'K'"},
      {"5KB", "'5KB' has an unknown unit 'KB' (did you mean kB?)"},
      {"5gib", "'5gib' has an unknown unit 'gib' (did you mean GiB?)"},
      {"5 bytes", "'5 bytes' has an unknown unit 'bytes'"},
      {"1e3", "'1e3' is not a size"},
      {"9223372036854775808", "'9223372036854775808' is too large"},
      {"8388608TiB", "'8388608TiB' is too large"},
      {"18446744073709551616", "'18446744073709551616' is too large"},
      {"18446744073709551615TB", "'18446744073709551615TB' is too large"},
  };
  for (const auto& [text, message] : cases) {
    INFO(text);
    const auto size = ParseSize(text);
    REQUIRE_FALSE(size);
    CHECK(size.error() == message + "; expected a size such as 512MB or 4GiB");
  }
}

}  // namespace
}  // namespace leak_exporter::config
