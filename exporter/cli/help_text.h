#pragma once

#include <string>

namespace leak_exporter {

/// What --help prints: every command and flag, at most 90 columns.
std::string HelpText();

/// What --version prints: one line.
std::string VersionText();

}  // namespace leak_exporter
