#pragma once

/// Catch2 v2 (Debian 12) and v3 (newer) name their headers differently.
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
#else
#include <catch2/catch.hpp>
inline Catch::Matchers::StdString::ContainsMatcher ContainsSubstring(
    const std::string& substring) {
  return Catch::Matchers::Contains(substring);
}
#endif
