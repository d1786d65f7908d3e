#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/fake_proc.h"

namespace leak_exporter {

/// /proc/PID/pagemap of a test's own making, up to the last page that is set.
class FakePagemap {
 public:
  static uint64_t PageBytes() {
    return static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  }

  void SetPresent(uint64_t page) { Set(page, uint64_t{1} << 63); }
  void SetSwapped(uint64_t page) { Set(page, uint64_t{1} << 62); }
  /// A page of a guard region, as Linux 6.18 shows it.
  void SetGuard(uint64_t page) {
    Set(page, uint64_t{1} << 62 | uint64_t{1} << 58);
  }
  /// The kernel knows of the page, which nobody has touched.
  void SetUntouched(uint64_t page) { Set(page, 0); }

  void Write(const FakeProc& proc, pid_t pid) const {
    proc.Write(pid, "pagemap",
               std::string_view(reinterpret_cast<const char*>(entries_.data()),
                                entries_.size() * sizeof(uint64_t)));
  }

 private:
  void Set(uint64_t page, uint64_t entry) {
    if (entries_.size() <= page) entries_.resize(page + 1);
    entries_[page] = entry;
  }

  std::vector<uint64_t> entries_;
};

}  // namespace leak_exporter
