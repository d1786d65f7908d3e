#include "metrics/limits/limited_snapshot.h"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <functional>
#include <string>
#include <tuple>
#include <utility>

#include "metrics/base/accumulate.h"

namespace leak_exporter {
namespace {

/// Splits a list into the chosen rows and the rest, each of which it hands to
/// `add_to_rest`. The rows for which `counts` does not hold are in neither.
template <typename Row, typename Counts, typename AddToRest>
LimitedRows<Row> Split(const std::vector<Row>& rows,
                       const std::vector<size_t>& chosen, const Counts& counts,
                       const AddToRest& add_to_rest) {
  LimitedRows<Row> limited;
  limited.own.reserve(chosen.size());
  auto next = chosen.begin();
  for (size_t i = 0; i < rows.size(); ++i) {
    if (next != chosen.end() && *next == i) {
      limited.own.push_back(&rows[i]);
      ++next;
    } else if (counts(rows[i])) {
      ++limited.dropped;
      add_to_rest(rows[i]);
    }
  }
  return limited;
}

constexpr auto kEvery = [](const auto&) { return true; };

LimitedRows<ChildProcess> OldestChildren(
    const std::vector<ChildProcess>& children, size_t top) {
  LimitedRows<ChildProcess> limited;
  const size_t wanted = std::min(top, children.size());
  limited.dropped = children.size() - wanted;
  limited.own.reserve(wanted);
  for (const bool zombies : {true, false}) {
    for (const ChildProcess& child : children) {
      if (limited.own.size() == wanted) return limited;
      if ((child.state == 'Z') == zombies) limited.own.push_back(&child);
    }
  }
  return limited;
}

LimitedRows<ChildProcess> LongestUnreaped(
    const std::vector<ChildProcess>& children, size_t top) {
  LimitedRows<ChildProcess> limited;
  auto& own = limited.own;
  for (const ChildProcess& child : children) {
    if (child.unreaped_seconds) own.push_back(&child);
  }
  const size_t wanted = std::min(top, own.size());
  limited.dropped = own.size() - wanted;
  const auto end = own.begin() + static_cast<std::ptrdiff_t>(wanted);
  std::ranges::partial_sort(
      own, end, std::ranges::greater(), [](const ChildProcess* child) {
        return std::tuple(child->unreaped_seconds, child->pid);
      });
  own.erase(end, own.end());
  return limited;
}

LimitedRows<NamedBytes> LimitMappings(const MappingsSnapshot& mappings,
                                      const std::vector<size_t>& chosen) {
  NamedBytes rest{std::string(kOther), mappings.nameless_bytes};
  auto limited = Split(mappings.by_name, chosen, kEvery,
                       [&](const NamedBytes& row) { rest.bytes += row.bytes; });
  if (rest.bytes > 0) limited.other = std::move(rest);
  return limited;
}

LimitedRows<TemporaryDirectory> LimitDirectories(
    const std::vector<TemporaryDirectory>& directories,
    const std::vector<size_t>& chosen) {
  DirectoryUsage rest;
  auto limited = Split(
      directories, chosen,
      [](const TemporaryDirectory& row) { return row.usage.has_value(); },
      [&](const TemporaryDirectory& row) {
        rest.apparent_bytes += row.usage->apparent_bytes;
      });
  if (limited.dropped > 0) {
    limited.other = TemporaryDirectory{0, 0, std::string(kOther), rest, ""};
  }
  return limited;
}

LimitedRows<PythonTypeUsage> LimitTypes(
    const std::optional<PythonHeapSums>& sums,
    const std::vector<size_t>& chosen) {
  if (!sums) return {};
  PythonTypeUsage rest{std::string(kOther), 0, std::nullopt};
  auto limited =
      Split(sums->types, chosen, kEvery, [&](const PythonTypeUsage& row) {
        rest.objects += row.objects;
        AddTo(row.bytes, rest.bytes);
      });
  if (limited.dropped > 0) limited.other = std::move(rest);
  return limited;
}

LimitedRows<PythonTypeUsage> WithoutLimit(
    const std::optional<PythonHeapSums>& sums) {
  LimitedRows<PythonTypeUsage> limited;
  if (!sums) return limited;
  limited.own.reserve(sums->untracked.size());
  for (const PythonTypeUsage& type : sums->untracked) {
    limited.own.push_back(&type);
  }
  return limited;
}

LimitedLists LimitLists(const TargetSnapshot& target, const RowChoice& choice) {
  LimitedLists lists;
  if (target.process_tree) {
    const auto& children = target.process_tree->children;
    lists.children_by_age = OldestChildren(children, choice.children);
    lists.children_by_time_unreaped =
        LongestUnreaped(children, choice.children);
  }
  if (target.mappings) {
    lists.mappings = LimitMappings(*target.mappings, choice.mappings);
  }
  if (target.disk_usage) {
    lists.temporary_directories = LimitDirectories(
        target.disk_usage->temporary_directories, choice.temporary_directories);
  }
  if (target.python_heap) {
    const auto& sums = target.python_heap->sums;
    lists.python_types = {
        LimitTypes(sums.main, choice.python_types.main),
        LimitTypes(sums.children, choice.python_types.children)};
    lists.python_processes =
        Split(target.python_heap->usage, choice.python_processes, kEvery,
              [](const PythonProcessUsage&) {});
    lists.python_untracked = {WithoutLimit(sums.main),
                              WithoutLimit(sums.children)};
  }
  return lists;
}

}  // namespace

LimitedSnapshot Limit(Snapshot snapshot,
                      const std::vector<RowChoice>& choices) {
  assert(choices.size() == snapshot.targets.size());
  LimitedSnapshot limited;
  limited.targets.reserve(snapshot.targets.size());
  for (size_t i = 0; i < snapshot.targets.size(); ++i) {
    TargetSnapshot& target = snapshot.targets[i];
    LimitedLists lists = LimitLists(target, choices[i]);
    limited.targets.push_back({std::move(target), std::move(lists)});
  }
  return limited;
}

}  // namespace leak_exporter
