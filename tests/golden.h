#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/catch.h"

/// Compares with a file below tests/golden byte for byte. With
/// LEAK_UPDATE_GOLDEN=1 in the environment it writes the file instead, to be
/// looked at as a diff.
inline void CheckGolden(const std::string& name, const std::string& text) {
  const std::filesystem::path path =
      std::filesystem::path(LEAK_TEST_GOLDEN) / name;
  if (std::getenv("LEAK_UPDATE_GOLDEN") != nullptr) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  std::ifstream file(path, std::ios::binary);
  INFO(path.string());
  REQUIRE(file.is_open());
  std::ostringstream golden;
  golden << file.rdbuf();
  CHECK(text == golden.str());
}
