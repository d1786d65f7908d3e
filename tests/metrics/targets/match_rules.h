#pragma once

#include <string>

#include "config/config.h"

namespace leak_exporter {

inline config::MatchConfig ByComm(const std::string& comm) {
  config::MatchConfig rules;
  rules.comms = {comm};
  return rules;
}

inline config::MatchConfig ByCmdline(const std::string& pattern) {
  config::MatchConfig rules;
  rules.cmdlines = {pattern};
  return rules;
}

}  // namespace leak_exporter
