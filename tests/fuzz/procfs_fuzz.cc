// Whatever text a file of /proc has, it parses or is an error. Starts well from
// tests/fixtures/proc.
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "metrics/procfs/cgroup.h"
#include "metrics/procfs/children.h"
#include "metrics/procfs/limits.h"
#include "metrics/procfs/maps.h"
#include "metrics/procfs/memory_limit.h"
#include "metrics/procfs/mountinfo.h"
#include "metrics/procfs/smaps_rollup.h"
#include "metrics/procfs/stat.h"
#include "metrics/procfs/status.h"
#include "metrics/targets/pid_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace leak_exporter;
  using namespace leak_exporter::procfs;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<pid_t> children;
  (void)ParseCgroup(text);
  (void)ParseChildren(text, children);
  (void)ParseOpenFilesLimit(text);
  (void)ParseMapping(text, 1);
  (void)ParseMemoryLimit(text);
  (void)ParseMemoryStat(text, "inactive_file");
  (void)ParseRootMounts(text);
  (void)ParseSmapsRollup(text);
  (void)ParseStat(text);
  (void)ParseStatus(text);
  (void)ParsePidFile(text);
  return 0;
}
