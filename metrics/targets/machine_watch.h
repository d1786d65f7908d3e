#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "metrics/base/clock.h"
#include "metrics/base/deadline.h"
#include "metrics/base/error_tally.h"
#include "metrics/base/result.h"
#include "metrics/procfs/pids.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/targets/found_process.h"
#include "metrics/targets/kernel_threads.h"
#include "metrics/targets/machine_look.h"
#include "metrics/targets/rule_book.h"
#include "metrics/targets/verdicts.h"

namespace leak_exporter {

/// Looks at all processes of the machine, again and again, and remembers what
/// one look can spare the next: kernel threads and verdicts. /proc is listed
/// once a look, and the stat of each process that is no kernel thread is read
/// once. The exporter and its helpers match no rule. `fs` must outlive the
/// object. Not thread-safe.
class MachineWatch {
 public:
  explicit MachineWatch(const procfs::ProcFs& fs) : fs_(fs), verdicts_(fs) {}
  MachineWatch(const MachineWatch&) = delete;
  MachineWatch& operator=(const MachineWatch&) = delete;

  /// Looks, and judges by these rules. They are compared with those of the look
  /// before by their addresses; if they differ, every process is judged anew. A
  /// look that does not end before its deadline is incomplete.
  std::shared_ptr<const MachineLook> Look(const RuleBook::Rules& rules,
                                          const Clock& clock,
                                          const Deadline& deadline);

 private:
  struct Work;

  void TakeRules(const RuleBook::Rules& rules);
  void ReadAll(const std::vector<procfs::NumberedEntry>& entries, Work& work);
  std::optional<FoundProcess> Read(const procfs::NumberedEntry& entry,
                                   Work& work);
  void Judge(const FoundProcess& process, Work& work);

  const procfs::ProcFs& fs_;
  KernelThreads kernel_threads_;
  std::shared_ptr<const RuleBook> rules_;
  Verdicts verdicts_;
  std::string buffer_;
};

}  // namespace leak_exporter
