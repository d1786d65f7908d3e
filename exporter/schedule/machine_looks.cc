#include "exporter/schedule/machine_looks.h"

#include <algorithm>

namespace leak_exporter {

void MachineLooks::Add(const std::shared_ptr<const Matcher>& matcher,
                       const std::weak_ptr<const void>& target) {
  const Lock lock(mutex_);
  AddLocked(matcher, target);
}

void MachineLooks::AddLocked(const std::shared_ptr<const Matcher>& matcher,
                             const std::weak_ptr<const void>& target) {
  if (std::ranges::find(interests_, matcher, &Interest::matcher) ==
      interests_.end()) {
    interests_.push_back({matcher, target});
  }
}

std::shared_ptr<const MachineLook> MachineLooks::Look(
    const std::shared_ptr<const Matcher>& matcher,
    const std::weak_ptr<const void>& target, const SearchRequest& request) {
  Lock lock(mutex_);
  AddLocked(matcher, target);
  while (true) {
    if (last_ != nullptr && last_->began() >= request.asked &&
        last_->Find(*matcher) != nullptr) {
      return last_;
    }
    if (request.deadline.Expired()) return nullptr;
    if (!looking_) return LookNow(lock, request);
    request.clock.WaitUntil(lock, ended_, request.deadline.at(),
                            [this, seen = looks_] { return looks_ != seen; });
  }
}

RuleBook::Rules MachineLooks::LivingRules() {
  std::erase_if(interests_, [](const Interest& interest) {
    return interest.target.expired();
  });
  RuleBook::Rules rules;
  for (const Interest& interest : interests_) rules.push_back(interest.matcher);
  return rules;
}

std::shared_ptr<const MachineLook> MachineLooks::LookNow(
    Lock& lock, const SearchRequest& request) {
  const RuleBook::Rules rules = LivingRules();
  looking_ = true;
  // An old look is not needed any more, and may be large.
  last_.reset();
  lock.unlock();
  std::shared_ptr<const MachineLook> look;
  const auto end = [&] {
    lock.lock();
    looking_ = false;
    ++looks_;
    // Who has more time looks once more.
    if (look != nullptr && !look->incomplete()) last_ = look;
    ended_.notify_all();
  };
  try {
    look = watch_.Look(rules, request.clock, request.deadline);
  } catch (...) {
    end();
    throw;
  }
  end();
  return look;
}

}  // namespace leak_exporter
