#include "config/size.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "config/nearest.h"
#include "config/quantity.h"
#include "metrics/base/quote.h"

namespace leak_exporter::config {
namespace {

struct Unit {
  std::string_view name;
  uint64_t bytes;
};
constexpr std::array<Unit, 9> kUnits = {{
    {"B", 1},
    {"kB", uint64_t{1} << 10},
    {"KiB", uint64_t{1} << 10},
    {"MB", 1'000'000},
    {"MiB", uint64_t{1} << 20},
    {"GB", 1'000'000'000},
    {"GiB", uint64_t{1} << 30},
    {"TB", 1'000'000'000'000},
    {"TiB", uint64_t{1} << 40},
}};
constexpr uint64_t kLargest = std::numeric_limits<int64_t>::max();

tl::unexpected<std::string> Wrong(std::string_view text,
                                  const std::string& why) {
  return tl::unexpected(Quote(text) + " " + why +
                        "; expected a size such as 512MB or 4GiB");
}

tl::unexpected<std::string> UnknownUnit(std::string_view text,
                                        std::string_view word) {
  std::vector<std::string> names;
  for (const Unit& unit : kUnits) names.emplace_back(unit.name);
  return Wrong(text,
               "has an unknown unit " + Quote(word) + DidYouMean(word, names));
}

}  // namespace

tl::expected<uint64_t, std::string> ParseSize(std::string_view text) {
  if (text.empty()) return Wrong(text, "is empty");
  const Quantity quantity = TakeQuantity(text);
  if (quantity.overflow) return Wrong(text, "is too large");
  if (!quantity.number) {
    return Wrong(text, text[0] == '-' ? "is negative" : "has no number");
  }
  if (!quantity.rest.empty()) {
    const bool fraction = quantity.rest[0] == '.' || quantity.rest[0] == ',';
    return Wrong(text, fraction ? "has a fraction" : "is not a size");
  }
  const auto unit = std::find_if(
      kUnits.begin(), kUnits.end(),
      [&](const Unit& known) { return known.name == quantity.unit; });
  if (unit == kUnits.end() && !quantity.unit.empty()) {
    return UnknownUnit(text, quantity.unit);
  }
  const uint64_t bytes = unit == kUnits.end() ? 1 : unit->bytes;
  if (*quantity.number > kLargest / bytes) return Wrong(text, "is too large");
  return *quantity.number * bytes;
}

}  // namespace leak_exporter::config
