#include "config/config_error.h"

namespace leak_exporter::config {

std::string ToString(std::string_view file, const ConfigError& error) {
  std::string text(file);
  if (error.position.line > 0) {
    text += ":" + std::to_string(error.position.line) + ":" +
            std::to_string(error.position.column);
  }
  text += ": ";
  if (!error.key.empty()) text += error.key + ": ";
  return text + error.message;
}

std::vector<std::string> ToStrings(std::string_view file,
                                   const ConfigErrors& errors) {
  std::vector<std::string> lines;
  for (const ConfigError& error : errors) {
    lines.push_back(ToString(file, error));
  }
  return lines;
}

}  // namespace leak_exporter::config
