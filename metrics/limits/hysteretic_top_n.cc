#include "metrics/limits/hysteretic_top_n.h"

#include <algorithm>

namespace leak_exporter {

std::vector<size_t> HystereticTopN::Choose(
    const std::vector<std::string>& names) {
  // Ranks above the margin are in, below it are out, between them it stays.
  const size_t margin = (top_ + 4) / 5;
  const size_t wanted = std::min(top_, names.size());
  std::vector<size_t> order;
  const auto take = [&](size_t from, size_t to, auto&& condition) {
    for (size_t i = from; i < std::min(to, names.size()); ++i) {
      if (order.size() < wanted && condition(names[i])) order.push_back(i);
    }
  };
  const auto was_chosen = [this](const std::string& name) {
    return chosen_.count(name) != 0;
  };
  const size_t sure = top_ - std::min(margin, top_);
  take(0, sure, [](const std::string&) { return true; });
  take(sure, top_ + margin, was_chosen);
  take(sure, names.size(),
       [&](const std::string& name) { return !was_chosen(name); });
  take(top_ + margin, names.size(), was_chosen);

  std::sort(order.begin(), order.end());
  chosen_.clear();
  for (const size_t i : order) chosen_.insert(names[i]);
  return order;
}

}  // namespace leak_exporter
