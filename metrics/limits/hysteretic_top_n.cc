#include "metrics/limits/hysteretic_top_n.h"

#include <algorithm>

namespace leak_exporter {

std::vector<size_t> HystereticTopN::Choose(size_t top, size_t rows,
                                           const NameOf& name_of) {
  // Ranks above the margin are in, below it are out, between them it stays.
  const size_t margin = (top + 4) / 5;
  const size_t sure = top - std::min(margin, top);
  const size_t wanted = std::min(top, rows);
  std::vector<size_t> order;
  order.reserve(wanted);
  const auto take = [&](size_t from, size_t to, auto&& condition) {
    for (size_t i = from; i < std::min(to, rows); ++i) {
      if (order.size() == wanted) return;
      if (condition(i)) order.push_back(i);
    }
  };
  const auto was_chosen = [&](size_t i) {
    return chosen_.contains(name_of(i));
  };
  take(0, sure, [](size_t) { return true; });
  take(sure, top + margin, was_chosen);
  take(sure, rows, [&](size_t i) { return !was_chosen(i); });
  take(top + margin, rows, was_chosen);

  std::ranges::sort(order);
  chosen_.clear();
  for (const size_t i : order) chosen_.insert(name_of(i));
  return order;
}

}  // namespace leak_exporter
