#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "metrics/base/quote.h"

namespace leak_exporter {

/// A word of the command line and what it stands for.
template <typename T>
struct Choice {
  std::string_view word;
  T value;
};

/// The value that `word` stands for among `choices`. The error ends with all of
/// them: "'loud'; expected debug, info, warn or error".
template <typename Choices>
auto Choose(const Choices& choices, std::string_view word)
    -> tl::expected<decltype(choices[0].value), std::string> {
  std::string expected;
  size_t left = choices.size();
  for (const auto& choice : choices) {
    if (choice.word == word) return choice.value;
    --left;
    expected += choice.word;
    if (left > 0) expected += left > 1 ? ", " : " or ";
  }
  return tl::unexpected(Quote(word) + "; expected " + expected);
}

}  // namespace leak_exporter
