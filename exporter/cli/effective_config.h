#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "config/config.h"
#include "exporter/cli/options.h"
#include "metrics/base/result.h"
#include "metrics/procfs/proc_fs.h"

namespace leak_exporter {

/// The configuration that the command line asks for: that of its file, or the
/// defaults without one, with a target "pid-N" for each pid in place of the
/// file's targets. Reads the file each time. The error is every mistake in it,
/// each a line that begins with the file's name.
tl::expected<config::Config, std::vector<std::string>> LoadEffectiveConfig(
    const Options& options);

/// Whether each process that the command line gives by pid exists and may be
/// read. The error names the first that does not, or may not.
Result<void> CheckGivenPids(const Options& options,
                            const procfs::ProcFs& proc_fs);

}  // namespace leak_exporter
