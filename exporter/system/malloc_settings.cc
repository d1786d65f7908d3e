#include "exporter/system/malloc_settings.h"

#include <malloc.h>

namespace leak_exporter {

void ConfigureMalloc() {
#ifdef M_ARENA_MAX
  // Every further arena would keep as much memory again.
  constexpr int kArenas = 1;
  // Larger blocks are mapped and unmapped one by one. This is the largest
  // threshold that glibc accepts.
  constexpr int kMmapThresholdBytes = 32 << 20;
  constexpr int kTrimThresholdBytes = 32 << 20;
  ::mallopt(M_ARENA_MAX, kArenas);
  ::mallopt(M_MMAP_THRESHOLD, kMmapThresholdBytes);
  ::mallopt(M_TRIM_THRESHOLD, kTrimThresholdBytes);
#endif
}

}  // namespace leak_exporter
