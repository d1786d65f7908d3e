#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "metrics/base/deadline.h"
#include "metrics/base/error_tally.h"
#include "metrics/base/result.h"
#include "metrics/procfs/process_handle.h"
#include "metrics/procfs/status.h"
#include "metrics/targets/child_lists.h"
#include "metrics/targets/process_table.h"
#include "metrics/targets/process_tree.h"

namespace leak_exporter {

/// Finds a target's tree in one discovery. The walk leads from the main
/// processes down through lists of children, with one read of status for each
/// process.
///
/// While a process's children end, its list may leave out another one that
/// lives. Two things make up for that. A process that was in the tree in the
/// discovery before is looked at itself before it is believed gone: it stays if
/// its PPid leads, by whatever number of parents, to a process of the tree. And
/// a list in which something changed while it was read is read once more, for
/// children that were never seen before. A process whose parent ended belongs
/// where the kernel put it: if its new PPid is outside of the tree, so is it.
///
/// One object serves one generation, between BeginGeneration and EndGeneration
/// of the table. A process that cannot be read is left out and counted in
/// `errors`.
class TreeWalk {
 public:
  /// `most_processes` bounds the tree. A larger one is an error "limit", and is
  /// not whole.
  /// After the deadline the walk goes no further, and the tree is not whole.
  TreeWalk(ProcessTable& table, ChildLists& child_lists, size_t most_processes,
           const Deadline& deadline, ErrorTally& errors)
      : table_(table),
        child_lists_(child_lists),
        most_processes_(most_processes),
        deadline_(deadline),
        errors_(errors) {}

  /// Adds a main process, unless it is in the tree already.
  void AddMain(ProcessTable::Reading reading);

  /// Walks down from all that was added since the last call. Afterwards
  /// IsMember tells who is in the tree.
  void Descend();
  bool IsMember(pid_t pid) const { return Member(pid) != nullptr; }

  /// Whether there was room for every main process.
  bool knows_all_mains() const { return knows_all_mains_; }

  /// Descends, looks for the processes that seem to have gone, and hands over
  /// the tree.
  ProcessTree Finish();

 private:
  /// A process that is in the tree if its PPid is.
  struct Candidate {
    std::shared_ptr<const procfs::ProcessHandle> handle;
    procfs::Status status;
  };

  void VisitChildren(KnownProcess& parent);
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
  /// Whether there is room for one more descendant. If not, the tree is not
  /// whole from then on.
  bool HasRoom();
  void ReportLimit();

  ProcessTable& table_;
  ChildLists& child_lists_;
  size_t most_processes_;
  const Deadline& deadline_;
  ErrorTally& errors_;
  ProcessTree tree_;
  bool knows_all_mains_ = true;
  /// Members whose children are still to be looked at.
  std::vector<pid_t> pending_;
  /// Candidates by their PPid.
  std::unordered_multimap<pid_t, Candidate> waiting_;
  /// The processes in whose lists something changed during the discovery.
  std::unordered_set<pid_t> changed_parents_;
  /// The processes that are counted as errors already.
  std::unordered_set<pid_t> unreadable_;
  std::vector<pid_t> children_;
};

}  // namespace leak_exporter
