#include "config/quantity.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace leak_exporter::config {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Splits off the longest prefix of such characters.
template <typename Predicate>
std::string_view Take(std::string_view& text, Predicate predicate) {
  const auto end = std::find_if_not(text.begin(), text.end(), predicate);
  const std::string_view prefix(text.begin(), end);
  text.remove_prefix(prefix.size());
  return prefix;
}

void SkipSpaces(std::string_view& text) {
  Take(text, [](char c) { return c == ' '; });
}

}  // namespace

Quantity TakeQuantity(std::string_view text) {
  Quantity quantity;
  const std::string_view digits = Take(text, IsDigit);
  uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc()) quantity.number = number;
  quantity.overflow = error == std::errc::result_out_of_range;
  SkipSpaces(text);
  quantity.unit = Take(text, IsLetter);
  SkipSpaces(text);
  quantity.rest = text;
  return quantity;
}

}  // namespace leak_exporter::config
