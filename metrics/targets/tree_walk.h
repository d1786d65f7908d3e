#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "metrics/base/error_tally.h"
#include "metrics/base/result.h"
#include "metrics/procfs/process_handle.h"
#include "metrics/procfs/status.h"
#include "metrics/targets/machine_processes.h"
#include "metrics/targets/process_table.h"
#include "metrics/targets/process_tree.h"

namespace leak_exporter {

/// Finds a target's tree for one discovery: from its main processes down
/// through the kernel's lists of children, with one read of status for each
/// process.
///
/// The lists may leave out a child that lives while its siblings end. One that
/// was in the tree in the discovery before is therefore looked at itself before
/// it is believed gone, and stays where its parent, or its parent's parent and
/// so on, is in the tree; and a list in which something changed while it was
/// read is read once more, for the sake of children never seen before. A
/// process whose parent ended belongs where the kernel put it: it leaves the
/// tree with its PPid.
///
/// One object a generation, between BeginGeneration and EndGeneration of the
/// table. Errors go to the tally; a process that cannot be read is left out.
class TreeWalk {
 public:
  /// `machine` is asked where the kernel has no lists of children.
  /// `most_processes` bounds the tree; what is beyond is an error "limit".
  TreeWalk(ProcessTable& table, MachineProcesses& machine,
           size_t most_processes, ErrorTally& errors)
      : table_(table),
        machine_(machine),
        most_processes_(most_processes),
        errors_(errors) {}

  /// Adds a main process, unless it is in the tree already.
  void AddMain(ProcessTable::Reading reading);

  /// Makes a main process and all that descends from it part of the tree of
  /// another main process, above it.
  void PutBelow(pid_t main_pid, pid_t above);

  /// Walks down from all that was added since the last call, so that
  /// IsMember tells who is in the tree.
  void Descend();
  bool IsMember(pid_t pid) const { return Member(pid) != nullptr; }

  /// Descends, confirms who seems to have gone, and hands over the tree.
  ProcessTree Finish();

 private:
  /// A process that is not, or no longer, listed where it was expected.
  struct Candidate {
    std::shared_ptr<const procfs::ProcessHandle> handle;
    procfs::Status status;
  };

  void VisitChildren(KnownProcess& parent);
  /// Fills children_. False where they cannot be had.
  bool ListChildren(const KnownProcess& parent);
  void ListScannedChildren(pid_t parent);
  void ScanAllParents();
  void VisitChild(pid_t pid, pid_t parent, pid_t main_pid);
  void MissChild(pid_t pid, pid_t parent, const Error& error);
  void TakeDescendant(ProcessTable::Reading reading, pid_t main_pid);
  ProcessSample Take(ProcessTable::Reading reading, pid_t main_pid);
  void Wait(ProcessTable::Reading reading);
  void TakeWaiting(KnownProcess& parent);
  void TakeWaitingOfMembers();
  void LookForUnseen();
  void ReadChangedListsAgain();
  KnownProcess* Member(pid_t pid) const;
  bool HasRoom();

  ProcessTable& table_;
  MachineProcesses& machine_;
  size_t most_processes_;
  ErrorTally& errors_;
  ProcessTree tree_;
  /// Members whose children are still to be looked at.
  std::vector<pid_t> pending_;
  /// By the pid that their PPid names.
  std::unordered_multimap<pid_t, Candidate> waiting_;
  /// Those in whose lists something changed during the discovery.
  std::unordered_set<pid_t> changed_parents_;
  /// Counted as errors already.
  std::unordered_set<pid_t> unreadable_;
  /// Where the kernel has no children files: every process by its parent.
  std::optional<std::unordered_multimap<pid_t, pid_t>> scanned_children_;
  bool limit_reported_ = false;
  std::string buffer_;
  std::vector<pid_t> children_;
};

}  // namespace leak_exporter
