#pragma once

#include <string>
#include <vector>

#include "config/load_config.h"
#include "tests/catch.h"

namespace leak_exporter::config {

/// Every error as line:column: key: message, in order.
inline std::vector<std::string> Errors(const std::string& text) {
  const auto config = ParseConfig(text, Targets::kRequired);
  std::vector<std::string> shown;
  if (config) return shown;
  for (const ConfigError& error : config.error()) {
    shown.push_back(ToString("", error).substr(1));
  }
  return shown;
}

/// A configuration and the errors that are in it.
struct Case {
  std::string text;
  std::vector<std::string> errors;
};

inline void CheckAll(const std::vector<Case>& cases) {
  for (const Case& wrong : cases) {
    INFO(wrong.text);
    CHECK(Errors(wrong.text) == wrong.errors);
  }
}

}  // namespace leak_exporter::config
