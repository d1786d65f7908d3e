#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace leak_exporter::config {

/// A number and the unit after it. Durations and sizes consist of these.
struct Quantity {
  /// Absent where the text does not begin with a digit, or where the number
  /// does not fit. In the second case `overflow` is set.
  std::optional<uint64_t> number;
  bool overflow = false;
  /// The letters after the number and the spaces behind it. May be empty.
  std::string_view unit;
  /// What follows the unit and the spaces behind it.
  std::string_view rest;
};

/// Takes one quantity off the front of the text, which has no leading spaces.
Quantity TakeQuantity(std::string_view text);

}  // namespace leak_exporter::config
