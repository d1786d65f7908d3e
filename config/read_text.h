#pragma once

#include <string>
#include <tl/expected.hpp>

#include "config/config_error.h"

namespace leak_exporter::config {

/// Reads a configuration file of at most 1 MiB, whatever kind of file it is.
tl::expected<std::string, ConfigErrors> ReadText(const std::string& path);

}  // namespace leak_exporter::config
