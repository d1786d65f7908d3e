#pragma once

#include <string>

#include "exporter/cli/command_table.h"

namespace leak_exporter {

/// What `leak_exporter --help` prints: every command and flag. Lines have at
/// most 80 columns.
std::string HelpText();

/// What `leak_exporter COMMAND --help` prints: that command and its flags.
std::string CommandHelpText(const CommandSpec& command);

/// What --version prints: one line.
std::string VersionText();

}  // namespace leak_exporter
