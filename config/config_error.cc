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

}  // namespace leak_exporter::config
