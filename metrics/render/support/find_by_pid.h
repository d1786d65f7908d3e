#pragma once

#include <sys/types.h>

#include <algorithm>
#include <vector>

namespace leak_exporter::render {

/// The element that a part of the snapshot has for a main process. Null if it
/// has none.
template <typename T>
const T* FindByPid(const std::vector<T>& processes, pid_t pid) {
  const auto found = std::ranges::find(processes, pid, &T::pid);
  return found == processes.end() ? nullptr : &*found;
}

}  // namespace leak_exporter::render
