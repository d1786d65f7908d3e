#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace leak_exporter::config {

/// A number and the word after it, as durations and sizes are made of.
struct Quantity {
  /// Absent where the text begins with its unit, or where the number does not
  /// fit (`overflow`).
  std::optional<uint64_t> number;
  bool overflow = false;
  /// The letters after the number and any spaces; may be empty.
  std::string_view unit;
  /// What follows the unit and any spaces.
  std::string_view rest;
};

/// Takes one quantity off the front of the text, which has no leading spaces.
Quantity TakeQuantity(std::string_view text);

}  // namespace leak_exporter::config
