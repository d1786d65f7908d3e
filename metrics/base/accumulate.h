#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <vector>

namespace leak_exporter {

/// What sums up processes has an absent value where none of them has one.

/// Adds a value that is there.
template <typename T>
void AddTo(const std::optional<std::type_identity_t<T>>& value,
           std::optional<T>& sum) {
  if (value) sum = sum.value_or(0) + *value;
}

/// Adds a value, if both are there. Otherwise the sum is not known.
template <typename T>
void AddKnown(const std::optional<std::type_identity_t<T>>& value,
              std::optional<T>& sum) {
  if (value && sum) {
    *sum += *value;
  } else {
    sum.reset();
  }
}

/// Takes a value that is there and less than `least`, which may be absent.
template <typename T>
void KeepLeast(const std::optional<std::type_identity_t<T>>& value,
               std::optional<T>& least) {
  if (value) least = std::min(least.value_or(*value), *value);
}

/// Adds element by element. `sums` grows to the longest of the lists.
template <typename T, typename Sum>
void AddEach(const std::vector<T>& values, std::vector<Sum>& sums) {
  sums.resize(std::max(sums.size(), values.size()));
  for (size_t i = 0; i < values.size(); ++i) sums[i] += values[i];
}

}  // namespace leak_exporter
