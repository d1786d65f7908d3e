#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace leak_exporter {

/// For enums whose values count from 0 and that have a constexpr function
/// NameOf(), a switch without a default: the one table of their names. A value
/// that it forgets is an error of the compiler (-Wswitch). The rest of this
/// header is counted from it, so that there is nothing else to forget.

/// How many values the enum has.
template <typename Enum>
inline constexpr size_t kCountOf = [] {
  size_t count = 0;
  while (!NameOf(static_cast<Enum>(count)).empty()) ++count;
  return count;
}();

/// All of them, in their order.
template <typename Enum>
inline constexpr auto kValuesOf = [] {
  std::array<Enum, kCountOf<Enum>> values{};
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<Enum>(i);
  return values;
}();

/// The value of that name; absent where none has it.
template <typename Enum>
constexpr std::optional<Enum> FindByName(std::string_view name) {
  for (const Enum value : kValuesOf<Enum>) {
    if (NameOf(value) == name) return value;
  }
  return std::nullopt;
}

}  // namespace leak_exporter
