#pragma once

#include <chrono>
#include <climits>

#include "metrics/collectors/walk_budget.h"

namespace leak_exporter {

/// A budget for as many walks as a test wants.
class FreeWalks final : public WalkBudget {
 public:
  bool HasAny() override { return any && left > 0; }
  void Spend(std::chrono::nanoseconds) override {
    ++walks;
    --left;
  }

  bool any = true;
  int left = INT_MAX;
  int walks = 0;
};

}  // namespace leak_exporter
