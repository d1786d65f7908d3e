#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "metrics/base/process_id.h"
#include "metrics/collectors/support/type_names.h"
#include "metrics/snapshot.h"
#include "metrics/targets/process_tree.h"

namespace leak_exporter {

/// What one walk over the heap of a process found.
struct HeapFinding : PythonInterpreterState {
  PythonProcess process;
  /// Objects that the garbage collector does not track.
  std::vector<PythonTypeUsage> untracked;
  size_t interpreters = 1;
  double walk_seconds = 0;
  bool whole = true;
  double walked_unix_seconds = 0;
};

struct HeapLedgerLimits {
  /// The children whose own lists of types and objects are kept.
  size_t listed_children = 64;
  /// What the lists of the main processes may take, and those of the children.
  size_t list_bytes = size_t{4} << 20;
  size_t name_bytes = size_t{2} << 20;
  /// The most types in all heaps together, in 24 bytes each.
  size_t types = size_t{1} << 19;
};

/// What is known of the heaps of a target's processes. They are not all walked
/// in one run, so the sums are over what was last found in each. What a process
/// that has ended did with its collector stays in the totals, and one that is
/// found for the first time adds nothing to them: a worker that is replaced is
/// no reset of a counter. Not thread-safe.
class HeapLedger {
 public:
  explicit HeapLedger(const HeapLedgerLimits& limits = {});

  /// What there is to know of a process before it is looked at.
  struct Look {
    /// When it was last looked at; absent where it never was.
    std::optional<std::chrono::steady_clock::time_point> at;
    /// Whether nothing can have changed since, and nothing was missing.
    bool stands = false;
  };
  /// Begins a run on this tree. Forgets what is not in it.
  void Begin(const ProcessTree& tree);
  Look LookOf(const ProcessSample& process) const;

  /// Records what a walk found. False where there is no room for it, which is
  /// a failure.
  bool Record(const ProcessSample& process, bool is_main,
              std::chrono::steady_clock::time_point at, HeapFinding finding);
  /// Records that a process is no Python.
  void RecordNone(const ProcessSample& process,
                  std::chrono::steady_clock::time_point at);
  /// Records that it could not be told what a process has. That does not stand.
  void RecordFailure(const ProcessSample& process,
                     std::chrono::steady_clock::time_point at);
  /// Records that a process that stands has what it had.
  void RecordSame(const ProcessSample& process,
                  std::chrono::steady_clock::time_point at,
                  double unix_seconds);

  /// Whether a heap is known of this process.
  bool Knows(const ProcessSample& process) const;

  /// Everything by scope; null where no heap is known. `unread` are Python
  /// processes that were found and never read. Drops lists beyond the limits.
  std::shared_ptr<PythonHeapSnapshot> Sum(const ByScope<size_t>& unread);
  /// Whether lists of main processes were dropped, because there was no room.
  bool dropped_lists() const { return dropped_lists_; }

 private:
  struct TypeCount {
    TypeNames::Index name = TypeNames::kOther;
    bool bytes_known = true;
    uint64_t objects = 0;
    uint64_t bytes = 0;
  };
  struct Heap {
    bool is_main = false;
    std::vector<TypeCount> types;
    std::vector<TypeCount> untracked;
    uint64_t start_time_ticks = 0;
    uint64_t objects = 0;
    std::optional<uint64_t> bytes;
    /// Without its own lists where these were dropped.
    HeapFinding finding;

    size_t size() const { return types.size() + untracked.size(); }
    /// Whether another walk would find no more.
    bool IsComplete() const {
      return finding.whole && finding.process.unknown_sizes.empty();
    }
  };
  struct Entry {
    std::chrono::steady_clock::time_point looked_at;
    /// The discovery on which it was looked at.
    uint64_t generation = 0;
    bool in_tree = true;
    bool failed = false;
    std::optional<Heap> heap;
  };
  using Totals = std::vector<PythonGenerationStats>;

  Entry& Looked(const ProcessSample& process,
                std::chrono::steady_clock::time_point at);
  void AddIncrements(const Entry& before, const HeapFinding& now, bool is_main);
  std::vector<TypeCount> Count(const std::vector<PythonTypeUsage>& usages);
  void ForgetNames();
  bool KeepLists(const std::vector<Heap*>& heaps, size_t most) const;
  static std::vector<PythonProcessUsage> UsageOf(
      const ByScope<std::vector<Heap*>>& heaps);
  static PythonCensus CensusOf(const std::vector<Heap*>& heaps, size_t unread);
  std::optional<PythonHeapSums> SumOf(const std::vector<Heap*>& heaps,
                                      const Totals& totals) const;
  std::vector<PythonTypeUsage> SumTypes(
      const std::vector<Heap*>& heaps,
      std::vector<TypeCount> Heap::*list) const;

  HeapLedgerLimits limits_;
  TypeNames names_;
  /// When names were last forgotten.
  size_t names_in_use_ = 0;
  size_t types_ = 0;
  uint64_t generation_ = 0;
  std::unordered_map<ProcessId, Entry> entries_;
  ByScope<Totals> totals_;
  bool dropped_lists_ = false;
};

}  // namespace leak_exporter
