#include "metrics/remote/overlaid_memory.h"

namespace leak_exporter {

Result<size_t> OverlaidMemory::ReadSome(RemoteAddr address,
                                        std::span<std::byte> into) const {
  auto got = above_.ReadSome(address, into);
  return got ? got : below_.ReadSome(address, into);
}

}  // namespace leak_exporter
