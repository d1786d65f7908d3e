#include "metrics/collectors/support/heap_ledger.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "metrics/base/accumulate.h"

namespace leak_exporter {
namespace {

size_t BytesOf(const PythonProcess& process) {
  size_t bytes = sizeof(process);
  for (const PythonTypeUsage& type : process.types) {
    bytes += sizeof(type) + type.name.size() + type.repr.size();
  }
  for (const auto* rows : {&process.by_references, &process.by_bytes}) {
    for (const PythonObjectRow& row : *rows) {
      bytes += sizeof(row) + row.type_repr.size() + row.repr.size();
    }
  }
  return bytes;
}

bool HasLists(const PythonProcess& process) {
  return !process.types.empty() || !process.by_references.empty() ||
         !process.by_bytes.empty();
}

// What was counted since; all of it, if the count began anew.
uint64_t Since(uint64_t before, uint64_t now) {
  return now < before ? now : now - before;
}

}  // namespace

HeapLedger::HeapLedger(const HeapLedgerLimits& limits)
    : limits_(limits), names_(limits.name_bytes) {}

void HeapLedger::Begin(const ProcessTree& tree) {
  generation_ = tree.generation;
  for (auto& [id, entry] : entries_) entry.in_tree = false;
  for (const auto* scope : {&tree.main, &tree.descendants}) {
    for (const ProcessSample& process : *scope) {
      const auto known = entries_.find(process.handle->id());
      if (known == entries_.end() || process.zombie()) continue;
      known->second.in_tree = true;
      if (known->second.heap) known->second.heap->is_main = scope == &tree.main;
    }
  }
  std::erase_if(entries_, [this](const auto& known) {
    const Entry& entry = known.second;
    if (!entry.in_tree && entry.heap) types_ -= entry.heap->size();
    return !entry.in_tree;
  });
  ForgetNames();
}

HeapLedger::Look HeapLedger::LookOf(const ProcessSample& process) const {
  const auto known = entries_.find(process.handle->id());
  if (known == entries_.end()) return {};
  const Entry& entry = known->second;
  const bool complete = entry.heap ? entry.heap->IsComplete() : !entry.failed;
  return {entry.looked_at,
          complete && entry.generation >= process.last_run_generation};
}

bool HeapLedger::Knows(const ProcessSample& process) const {
  const auto known = entries_.find(process.handle->id());
  return known != entries_.end() && known->second.heap.has_value();
}

bool HeapLedger::Record(const ProcessSample& process, bool is_main,
                        std::chrono::steady_clock::time_point at,
                        HeapFinding finding) {
  Entry& entry = Looked(process, at);
  AddIncrements(entry, finding, is_main);
  if (entry.heap) types_ -= entry.heap->size();
  entry.heap.reset();
  const size_t types = finding.process.types.size() + finding.untracked.size();
  if (types_ + types > limits_.types) {
    entry.failed = true;
    return false;
  }
  types_ += types;
  Heap& heap = entry.heap.emplace();
  heap.is_main = is_main;
  heap.start_time_ticks = process.handle->id().start_time_ticks;
  heap.types = Count(finding.process.types);
  heap.untracked = Count(std::exchange(finding.untracked, {}));
  heap.bytes = 0;
  for (const PythonTypeUsage& type : finding.process.types) {
    heap.objects += type.objects;
    AddKnown(type.bytes, heap.bytes);
  }
  heap.finding = std::move(finding);
  return true;
}

void HeapLedger::RecordNone(const ProcessSample& process,
                            std::chrono::steady_clock::time_point at) {
  Entry& entry = Looked(process, at);
  if (entry.heap) types_ -= entry.heap->size();
  entry.heap.reset();
}

void HeapLedger::RecordFailure(const ProcessSample& process,
                               std::chrono::steady_clock::time_point at) {
  RecordNone(process, at);
  entries_.at(process.handle->id()).failed = true;
}

void HeapLedger::RecordSame(const ProcessSample& process,
                            std::chrono::steady_clock::time_point at,
                            double unix_seconds) {
  Entry& entry = Looked(process, at);
  if (entry.heap) entry.heap->finding.walked_unix_seconds = unix_seconds;
}

HeapLedger::Entry& HeapLedger::Looked(
    const ProcessSample& process, std::chrono::steady_clock::time_point at) {
  Entry& entry = entries_[process.handle->id()];
  entry.looked_at = at;
  entry.generation = generation_;
  entry.failed = false;
  return entry;
}

void HeapLedger::AddIncrements(const Entry& before, const HeapFinding& now,
                               bool is_main) {
  Totals& totals = is_main ? totals_.main : totals_.children;
  totals.resize(std::max(totals.size(), now.generations.size()));
  if (!before.heap) return;
  const auto& then = before.heap->finding.generations;
  for (size_t i = 0; i < std::min(then.size(), now.generations.size()); ++i) {
    const PythonGenerationStats& old = then[i];
    const PythonGenerationStats& is = now.generations[i];
    totals[i].collections += Since(old.collections, is.collections);
    totals[i].collected += Since(old.collected, is.collected);
    totals[i].uncollectable += Since(old.uncollectable, is.uncollectable);
  }
}

std::vector<HeapLedger::TypeCount> HeapLedger::Count(
    const std::vector<PythonTypeUsage>& usages) {
  std::vector<TypeCount> counts;
  counts.reserve(usages.size());
  for (const PythonTypeUsage& usage : usages) {
    counts.push_back({names_.Intern(usage.name), usage.bytes.has_value(),
                      usage.objects, usage.bytes.value_or(0)});
  }
  return counts;
}

// Once there may be more names that nobody has than names that somebody has.
void HeapLedger::ForgetNames() {
  constexpr size_t kFew = 1024;
  if (names_.size() < std::max(kFew, 2 * names_in_use_)) return;
  std::vector<bool> used(names_.size());
  const auto for_each_count = [this](const auto& visit) {
    for (auto& [id, entry] : entries_) {
      if (!entry.heap) continue;
      for (TypeCount& count : entry.heap->types) visit(count);
      for (TypeCount& count : entry.heap->untracked) visit(count);
    }
  };
  for_each_count([&](const TypeCount& count) { used[count.name] = true; });
  const auto moved = names_.Keep(used);
  for_each_count([&](TypeCount& count) { count.name = moved[count.name]; });
  names_in_use_ = names_.size();
}

std::shared_ptr<PythonHeapSnapshot> HeapLedger::Sum(
    const ByScope<size_t>& unread) {
  dropped_lists_ = false;
  ByScope<std::vector<Heap*>> heaps;
  for (auto& [id, entry] : entries_) {
    if (!entry.heap) continue;
    (entry.heap->is_main ? heaps.main : heaps.children).push_back(&*entry.heap);
  }
  if (heaps.main.empty() && heaps.children.empty() && unread.main == 0 &&
      unread.children == 0) {
    return nullptr;
  }
  std::ranges::sort(heaps.main, {},
                    [](const Heap* heap) { return heap->finding.process.pid; });
  std::ranges::sort(heaps.children, [](const Heap* a, const Heap* b) {
    return std::tuple(b->objects, a->finding.process.pid) <
           std::tuple(a->objects, b->finding.process.pid);
  });
  dropped_lists_ = !KeepLists(heaps.main, heaps.main.size());
  KeepLists(heaps.children, limits_.listed_children);

  auto snapshot = std::make_shared<PythonHeapSnapshot>();
  for (const Heap* const heap : heaps.main) {
    snapshot->processes.push_back(heap->finding.process);
  }
  for (const Heap* const heap : heaps.children) {
    if (HasLists(heap->finding.process)) {
      snapshot->children.push_back(heap->finding.process);
    }
  }
  snapshot->usage = UsageOf(heaps);
  snapshot->sums = {SumOf(heaps.main, totals_.main),
                    SumOf(heaps.children, totals_.children)};
  snapshot->census = {CensusOf(heaps.main, unread.main),
                      CensusOf(heaps.children, unread.children)};
  return snapshot;
}

// Keeps the lists of the first ones, and drops the others'. Returns whether it
// kept those of all it was to keep.
bool HeapLedger::KeepLists(const std::vector<Heap*>& heaps, size_t most) const {
  size_t bytes = 0;
  bool all = true;
  for (size_t i = 0; i < heaps.size(); ++i) {
    PythonProcess& process = heaps[i]->finding.process;
    const size_t wanted = BytesOf(process);
    const bool has_room = i == 0 || bytes + wanted <= limits_.list_bytes;
    if (i < most && has_room) {
      bytes += wanted;
      continue;
    }
    all = all && (i >= most || !HasLists(process));
    process.types = {};
    process.by_references = process.by_bytes = {};
  }
  return all;
}

std::vector<PythonProcessUsage> HeapLedger::UsageOf(
    const ByScope<std::vector<Heap*>>& heaps) {
  std::vector<PythonProcessUsage> usage;
  for (const auto* scope : {&heaps.main, &heaps.children}) {
    for (const Heap* const heap : *scope) {
      const PythonProcess& process = heap->finding.process;
      usage.push_back({process.pid, heap->is_main, process.version,
                       heap->objects, heap->bytes, heap->start_time_ticks});
    }
  }
  std::ranges::stable_sort(usage, std::ranges::greater(),
                           &PythonProcessUsage::objects);
  return usage;
}

PythonCensus HeapLedger::CensusOf(const std::vector<Heap*>& heaps,
                                  size_t unread) {
  PythonCensus census;
  census.interpreters = census.unread = unread;
  for (const Heap* const heap : heaps) {
    census.interpreters += heap->finding.interpreters;
    KeepLeast(heap->finding.walked_unix_seconds, census.oldest_walk);
  }
  return census;
}

std::optional<PythonHeapSums> HeapLedger::SumOf(const std::vector<Heap*>& heaps,
                                                const Totals& totals) const {
  if (heaps.empty()) return std::nullopt;
  PythonHeapSums sums;
  sums.walk_complete = true;
  for (const Heap* const heap : heaps) {
    const HeapFinding& finding = heap->finding;
    AddEach(finding.gc_counts, sums.gc_counts);
    AddTo(finding.permanent_objects, sums.permanent_objects);
    AddTo(finding.modules, sums.modules);
    AddTo(finding.arena_bytes, sums.arena_bytes);
    AddTo(finding.arena_used_bytes, sums.arena_used_bytes);
    sums.walk_duration_seconds += finding.walk_seconds;
    sums.walk_complete = sums.walk_complete && finding.whole;
  }
  sums.generations = totals;
  sums.types = SumTypes(heaps, &Heap::types);
  sums.untracked = SumTypes(heaps, &Heap::untracked);
  return sums;
}

std::vector<PythonTypeUsage> HeapLedger::SumTypes(
    const std::vector<Heap*>& heaps, std::vector<TypeCount> Heap::*list) const {
  std::vector<TypeCount> by_name(names_.size());
  for (const Heap* const heap : heaps) {
    for (const TypeCount& count : heap->*list) {
      TypeCount& sum = by_name[count.name];
      sum.objects += count.objects;
      sum.bytes += count.bytes;
      sum.bytes_known = sum.bytes_known && count.bytes_known;
    }
  }
  std::vector<PythonTypeUsage> sums;
  for (TypeNames::Index i = 0; i < by_name.size(); ++i) {
    const TypeCount& sum = by_name[i];
    if (sum.objects == 0) continue;
    sums.push_back({names_[i], sum.objects,
                    sum.bytes_known ? std::optional(sum.bytes) : std::nullopt});
  }
  std::ranges::sort(sums, [](const auto& a, const auto& b) {
    return std::tie(b.objects, a.name) < std::tie(a.objects, b.name);
  });
  return sums;
}

}  // namespace leak_exporter
