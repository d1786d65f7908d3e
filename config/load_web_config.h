#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "config/config_error.h"
#include "config/web_config.h"

namespace leak_exporter::config {

/// A web configuration, or everything that is wrong with it.
using WebConfigResult = tl::expected<WebConfig, ConfigErrors>;

/// Parses the YAML of a web configuration file. Paths in it are relative to
/// `directory`, which is empty or ends with a slash. Reads no other file, so a
/// certificate that does not exist is no error. `http2` and
/// `prefer_server_cipher_suites` are accepted and have no effect.
WebConfigResult ParseWebConfig(std::string_view text,
                               const std::string& directory);

/// Reads and parses a file of at most 1 MiB.
WebConfigResult LoadWebConfig(const std::string& path);

}  // namespace leak_exporter::config
