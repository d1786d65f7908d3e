#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "config/config.h"
#include "exporter/cli/options.h"
#include "metrics/base/result.h"
#include "metrics/procfs/proc_fs.h"

namespace leak_exporter {

/// Returns the configuration that the command line asks for: the one in its
/// file, or the defaults if it gives no file. If it gives pids, a target
/// "pid-N" for each of them replaces the targets of the file. Reads the file on
/// each call. The error lists every mistake in the file; each line begins with
/// the file's name.
tl::expected<config::Config, std::vector<std::string>> LoadEffectiveConfig(
    const Options& options);

/// Checks that each process which the command line gives by pid exists and may
/// be read. The error names the first process that fails.
Result<void> CheckGivenPids(const Options& options,
                            const procfs::ProcFs& proc_fs);

}  // namespace leak_exporter
