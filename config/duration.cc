#include "config/duration.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "config/nearest.h"
#include "config/quantity.h"
#include "metrics/base/ascii.h"
#include "metrics/base/quote.h"

namespace leak_exporter::config {
namespace {

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  std::string_view symbol;
  milliseconds length;
};
constexpr std::array<Unit, 6> kUnits = {{
    {"week", "w", std::chrono::hours(7 * 24)},
    {"day", "d", std::chrono::hours(24)},
    {"hour", "h", std::chrono::hours(1)},
    {"minute", "m", std::chrono::minutes(1)},
    {"second", "s", std::chrono::seconds(1)},
    {"millisecond", "ms", milliseconds(1)},
}};
constexpr std::array<std::string_view, 7> kWeekdays = {
    "monday", "tuesday",  "wednesday", "thursday",
    "friday", "saturday", "sunday"};

// A word is the plural or the singular, whatever the number, as in "1 minutes".
bool Names(std::string_view word, std::string_view name) {
  return word == name || (word.size() == name.size() + 1 &&
                          word.starts_with(name) && word.back() == 's');
}

const Unit* FindUnit(std::string_view word) {
  const auto found =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& unit) {
        return word == unit.symbol || Names(word, unit.name);
      });
  return found == kUnits.end() ? nullptr : &*found;
}

bool IsWeekday(std::string_view word) {
  const std::string lower = LowerAscii(word);
  return std::any_of(kWeekdays.begin(), kWeekdays.end(),
                     [&](std::string_view day) { return Names(lower, day); });
}

tl::unexpected<std::string> Wrong(std::string_view text,
                                  const std::string& why) {
  return tl::unexpected(Quote(text) + " " + why +
                        "; expected a duration such as 5 minutes");
}

tl::unexpected<std::string> UnknownUnit(std::string_view text,
                                        std::string_view word) {
  if (IsWeekday(word)) {
    return Wrong(text, "names a weekday, which is no duration");
  }
  std::vector<std::string> names;
  for (const Unit& unit : kUnits) names.push_back(std::string(unit.name) + "s");
  return Wrong(text,
               "has an unknown unit " + Quote(word) + DidYouMean(word, names));
}

// What is wrong where a number, if any, is not followed by a unit.
tl::unexpected<std::string> NoUnit(std::string_view text,
                                   const Quantity& quantity) {
  const bool number = quantity.number.has_value();
  if (quantity.rest.empty() && number) return Wrong(text, "has no unit");
  const char next = quantity.rest.empty() ? ' ' : quantity.rest[0];
  if (next == '-' && !number) return Wrong(text, "is negative");
  if (next == '.' || (next == ',' && number)) {
    return Wrong(text, "has a fraction");
  }
  return Wrong(text, "is not a duration");
}

}  // namespace

tl::expected<std::chrono::nanoseconds, std::string> ParseDuration(
    std::string_view text) {
  if (text.empty()) return Wrong(text, "is empty");
  const std::string too_long = "is longer than " +
                               std::to_string(kLongestDuration.count() / 24) +
                               " days";
  milliseconds total{0};
  const Unit* previous = nullptr;
  for (std::string_view rest = text; !rest.empty();) {
    const Quantity quantity = TakeQuantity(rest);
    if (quantity.overflow) return Wrong(text, too_long);
    if (quantity.unit.empty()) return NoUnit(text, quantity);
    const Unit* const unit = FindUnit(quantity.unit);
    if (unit == nullptr) return UnknownUnit(text, quantity.unit);
    const bool alone = text == unit->name;
    if (!quantity.number && !alone) return Wrong(text, "has no number");
    if (previous != nullptr && unit <= previous) {
      return Wrong(text, "has its units out of order");
    }
    const uint64_t number = quantity.number.value_or(1);
    const milliseconds room = kLongestDuration - total;
    if (number > static_cast<uint64_t>(room / unit->length)) {
      return Wrong(text, too_long);
    }
    total += static_cast<int64_t>(number) * unit->length;
    previous = unit;
    rest = quantity.rest;
  }
  if (total.count() == 0) return Wrong(text, "is zero");
  return total;
}

}  // namespace leak_exporter::config
