#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "config/config.h"
#include "config/config_error.h"

namespace leak_exporter::config {

/// A configuration, or everything that is wrong with it.
using ConfigResult = tl::expected<Config, ConfigErrors>;

/// Whether a configuration must have targets. It need not where they come from
/// the command line.
enum class Targets { kRequired, kOptional };

/// Parses the YAML of a configuration file. Reads nothing else, so a pid or a
/// path that does not exist is no error. Takes time and memory in proportion to
/// the text, whose size LoadConfig bounds.
ConfigResult ParseConfig(std::string_view text, Targets targets);

/// Reads and parses a file of at most 1 MiB.
ConfigResult LoadConfig(const std::string& path, Targets targets);

}  // namespace leak_exporter::config
