#include "metrics/targets/tree_walk.h"

#include <algorithm>
#include <utility>

#include "metrics/procfs/pids.h"

namespace leak_exporter {
namespace {

/// A process that had no children and has not run since cannot have forked any.
/// Could it have been given any? Orphans go to another thread of their parent
/// (there is only one), to the nearest ancestor that asked for them
/// (PR_SET_CHILD_SUBREAPER: but who has no children is nobody's ancestor), or
/// to pid 1 of their pid namespace, which can adopt what others brought into
/// the namespace (setns(2)) without ever having had a child. And a clone(2)
/// with CLONE_PARENT gives its caller a sibling, but the caller is a child.
bool CannotHaveGainedChildren(const KnownProcess& process,
                              const ProcessSample& now) {
  constexpr pid_t kNamespaceInit = 1;
  return process.leaf && !now.may_have_run &&
         now.status.namespace_pid != kNamespaceInit;
}

/// A zombie whose threads have all ended: its children were given away.
bool IsDead(const KnownProcess& process) {
  return process.state == 'X' || (process.state == 'Z' && process.threads <= 1);
}

}  // namespace

void TreeWalk::AddMain(ProcessTable::Reading reading) {
  if (reading.known->generation == table_.generation()) return;
  if (tree_.main.size() == most_processes_) {
    if (std::exchange(knows_all_mains_, false)) ReportLimit();
    return;
  }
  if (tree_.main.empty()) tree_.descendants.reserve(table_.size());
  // Without room for it, the descendants give way.
  HasRoom();
  const pid_t pid = reading.known->handle->pid();
  tree_.main.push_back(Take(std::move(reading), pid));
}

void TreeWalk::Descend() {
  while (!pending_.empty() && tree_.whole && !deadline_.Expired()) {
    const pid_t pid = pending_.back();
    pending_.pop_back();
    KnownProcess* const parent = Member(pid);
    if (parent == nullptr || IsDead(*parent)) continue;
    VisitChildren(*parent);
    TakeWaiting(*parent);
  }
}

ProcessTree TreeWalk::Finish() {
  Descend();
  if (tree_.whole) {
    LookForUnseen();
    ReadChangedListsAgain();
    TakeWaitingOfMembers();
    Descend();
  }
  tree_.generation = table_.generation();
  return std::move(tree_);
}

void TreeWalk::VisitChildren(KnownProcess& parent) {
  if (!child_lists_.List(parent, children_)) return;
  // While the kernel's list has entries some may be left out of it, never all:
  // an empty one is certain.
  parent.leaf = child_lists_.are_current() && children_.empty();
  const pid_t pid = parent.handle->pid();
  const pid_t main_pid = parent.main_pid;
  for (const pid_t child : children_) {
    if (deadline_.Expired()) return;
    VisitChild(child, pid, main_pid);
  }
}

void TreeWalk::VisitChild(pid_t pid, pid_t parent, pid_t main_pid) {
  if (IsMember(pid) || unreadable_.contains(pid) || !HasRoom()) return;
  auto reading = table_.Read(pid);
  if (!reading) {
    MissChild(pid, parent, reading.error());
  } else if (reading->status.parent_pid == parent) {
    TakeDescendant(*std::move(reading), main_pid);
  } else {
    Wait(*std::move(reading));
  }
}

void TreeWalk::MissChild(pid_t pid, pid_t parent, const Error& error) {
  if (!IsGone(error)) {
    errors_.Add(error);
  } else if (procfs::IsHidden(table_.fs(), pid)) {
    errors_.Add(ErrorCause::kPermission, error.message);
  } else {
    changed_parents_.insert(parent);
    return;
  }
  unreadable_.insert(pid);
}

void TreeWalk::TakeDescendant(ProcessTable::Reading reading, pid_t main_pid) {
  tree_.descendants.push_back(Take(std::move(reading), main_pid));
}

ProcessSample TreeWalk::Take(ProcessTable::Reading reading, pid_t main_pid) {
  const KnownProcess& known = *reading.known;
  ProcessSample sample = table_.Accept(std::move(reading), main_pid);
  if (!CannotHaveGainedChildren(known, sample) || !waiting_.empty()) {
    pending_.push_back(sample.pid());
  }
  return sample;
}

void TreeWalk::Wait(ProcessTable::Reading reading) {
  const pid_t parent = reading.status.parent_pid;
  waiting_.emplace(parent,
                   Candidate{reading.known->handle, std::move(reading.status)});
}

void TreeWalk::TakeWaiting(KnownProcess& parent) {
  const auto [first, last] = waiting_.equal_range(parent.handle->pid());
  for (auto entry = first; entry != last; ++entry) {
    Candidate& candidate = entry->second;
    KnownProcess* const known = table_.Find(candidate.handle->pid());
    // It may have been found since, or the pid may be another's by now.
    if (known == nullptr || known->handle != candidate.handle ||
        known->generation == table_.generation() || !HasRoom()) {
      continue;
    }
    parent.leaf = false;
    TakeDescendant({known, std::move(candidate.status)}, parent.main_pid);
  }
  waiting_.erase(first, last);
}

void TreeWalk::TakeWaitingOfMembers() {
  std::vector<KnownProcess*> parents;
  for (const auto& [pid, candidate] : waiting_) {
    KnownProcess* const parent = Member(pid);
    if (parent != nullptr && (parents.empty() || parents.back() != parent)) {
      parents.push_back(parent);
    }
  }
  for (KnownProcess* const parent : parents) TakeWaiting(*parent);
}

void TreeWalk::LookForUnseen() {
  for (const pid_t pid : table_.Unseen()) {
    if (deadline_.Expired()) return;
    changed_parents_.insert(table_.Find(pid)->parent_pid);
    auto reading = table_.Read(pid);
    if (reading) {
      Wait(*std::move(reading));
    } else if (!IsGone(reading.error()) && unreadable_.insert(pid).second) {
      errors_.Add(reading.error());
    }
  }
}

void TreeWalk::ReadChangedListsAgain() {
  if (!child_lists_.are_current()) return;
  const std::unordered_set<pid_t> parents = std::move(changed_parents_);
  for (const pid_t pid : parents) {
    KnownProcess* const parent = Member(pid);
    if (parent != nullptr && !IsDead(*parent)) VisitChildren(*parent);
  }
}

KnownProcess* TreeWalk::Member(pid_t pid) const {
  KnownProcess* const known = table_.Find(pid);
  return known != nullptr && known->generation == table_.generation() ? known
                                                                      : nullptr;
}

bool TreeWalk::HasRoom() {
  if (!tree_.whole) return false;
  if (tree_.main.size() + tree_.descendants.size() < most_processes_) {
    return true;
  }
  ReportLimit();
  tree_.whole = false;
  tree_.descendants = {};
  return false;
}

void TreeWalk::ReportLimit() {
  errors_.Add(ErrorCause::kLimit, "more than " +
                                      std::to_string(most_processes_) +
                                      " processes in the target's tree");
}

}  // namespace leak_exporter
