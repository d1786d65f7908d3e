#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "metrics/base/process_id.h"
#include "metrics/targets/process_tree.h"

namespace leak_exporter {

/// What a collector read about each process, kept for as long as it cannot have
/// changed. That holds for what only the process itself changes, while it does
/// not run. There is one exception, which is accepted: a process that shares
/// its memory or its descriptors with another one (clone(2) with CLONE_VM or
/// CLONE_FILES but without CLONE_THREAD). Hardly anything does that but
/// vfork(2), during which one of the two waits. Not thread-safe.
template <typename T>
class KeptResults {
 public:
  /// The result for a process of `tree`. Null where nothing is kept, or where
  /// the process may have run since. Valid until the next Keep or
  /// EndGeneration.
  T* Find(const ProcessTree& tree, const ProcessSample& process) {
    const auto entry = entries_.find(process.handle->id());
    if (entry == entries_.end() ||
        entry->second.read_generation < process.last_run_generation) {
      return nullptr;
    }
    entry->second.seen_generation = tree.generation;
    return &entry->second.value;
  }

  /// Keeps a result that was read in this discovery, and returns it.
  T& Keep(const ProcessTree& tree, const ProcessSample& process, T value) {
    Entry& entry = entries_[process.handle->id()];
    entry = {std::move(value), tree.generation, tree.generation};
    return entry.value;
  }

  /// The sum of what `size_of` says of each result.
  template <typename SizeOf>
  size_t Sum(const SizeOf& size_of) const {
    size_t sum = 0;
    for (const auto& [id, entry] : entries_) sum += size_of(entry.value);
    return sum;
  }

  /// Drops the results that were neither found nor kept in this discovery.
  void EndGeneration(const ProcessTree& tree) {
    std::erase_if(entries_, [&](const auto& entry) {
      return entry.second.seen_generation != tree.generation;
    });
  }

 private:
  struct Entry {
    T value;
    uint64_t read_generation = 0;
    uint64_t seen_generation = 0;
  };

  std::unordered_map<ProcessId, Entry> entries_;
};

}  // namespace leak_exporter
