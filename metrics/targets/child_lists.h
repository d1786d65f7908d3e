#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "metrics/base/deadline.h"
#include "metrics/base/error_tally.h"
#include "metrics/targets/machine_look.h"
#include "metrics/targets/machine_processes.h"
#include "metrics/targets/process_table.h"

namespace leak_exporter {

/// Tells a walk which children a process has.
class ChildLists {
 public:
  virtual ~ChildLists() = default;

  /// Fills `children`. Returns false where they cannot be listed, which is an
  /// error in the walk's tally.
  virtual bool List(const KnownProcess& parent,
                    std::vector<pid_t>& children) = 0;
  /// Whether each call asks the kernel. Then an empty list is certain at the
  /// time of the call, and one in which something changed is worth another.
  virtual bool are_current() const = 0;
};

/// The kernel's own lists. A kernel that has none is asked for the parent of
/// every process once. `table` remembers that.
class KernelChildLists : public ChildLists {
 public:
  KernelChildLists(ProcessTable& table, MachineProcesses& machine,
                   const Deadline& deadline, ErrorTally& errors)
      : table_(table),
        machine_(machine),
        deadline_(deadline),
        errors_(errors) {}

  bool List(const KnownProcess& parent, std::vector<pid_t>& children) override;
  bool are_current() const override { return table_.kernel_lists_children(); }

 private:
  void ScanAllParents();

  ProcessTable& table_;
  MachineProcesses& machine_;
  const Deadline& deadline_;
  ErrorTally& errors_;
  /// Every process by its parent, where the kernel has no children files.
  std::optional<std::unordered_multimap<pid_t, pid_t>> scanned_;
  std::string buffer_;
};

/// The children that a look at the machine found, however long ago.
class LookChildLists : public ChildLists {
 public:
  explicit LookChildLists(const MachineLook& look) : look_(look) {}

  bool List(const KnownProcess& parent, std::vector<pid_t>& children) override;
  bool are_current() const override { return false; }

 private:
  const MachineLook& look_;
};

}  // namespace leak_exporter
