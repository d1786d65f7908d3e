#include "metrics/targets/machine_look.h"

#include <algorithm>

namespace leak_exporter {

MachineLook::MachineLook(std::chrono::steady_clock::time_point began,
                         std::vector<FoundProcess> processes,
                         std::shared_ptr<const RuleBook> rules,
                         std::vector<Answer> answers, ErrorTally errors,
                         bool incomplete)
    : began_(began),
      processes_(std::move(processes)),
      rules_(std::move(rules)),
      answers_(std::move(answers)),
      errors_(std::move(errors)),
      incomplete_(incomplete) {
  for (RuleBook::Index rule = 0; rule < rules_->rules().size(); ++rule) {
    places_.emplace(rules_->rules()[rule].get(), rule);
  }
  std::vector<std::pair<pid_t, pid_t>> links;
  links.reserve(processes_.size());
  for (const FoundProcess& process : processes_) {
    links.emplace_back(process.parent_pid, process.pid);
  }
  std::sort(links.begin(), links.end());
  for (const auto& [parent, child] : links) {
    parents_.push_back(parent);
    children_.push_back(child);
  }
}

const FoundProcess* MachineLook::Find(pid_t pid) const {
  const auto found = std::lower_bound(
      processes_.begin(), processes_.end(), pid,
      [](const FoundProcess& process, pid_t p) { return process.pid < p; });
  return found != processes_.end() && found->pid == pid ? &*found : nullptr;
}

std::span<const pid_t> MachineLook::ChildrenOf(pid_t pid) const {
  const auto [first, last] =
      std::equal_range(parents_.begin(), parents_.end(), pid);
  return std::span(children_).subspan(
      static_cast<size_t>(first - parents_.begin()),
      static_cast<size_t>(last - first));
}

const MachineLook::Answer* MachineLook::Find(const Matcher& matcher) const {
  const auto place = places_.find(&matcher);
  return place == places_.end() ? nullptr : &answers_[place->second];
}

}  // namespace leak_exporter
