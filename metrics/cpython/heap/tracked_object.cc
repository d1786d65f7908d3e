#include "metrics/cpython/heap/tracked_object.h"

#include <array>
#include <cstddef>

#include "metrics/cpython/runtime/gc_head.h"

namespace leak_exporter::cpython {
namespace {

template <typename Head>
bool IsTracked(const RemoteMemory& memory, const Head& head, RemoteAddr object,
               RemoteAddr type) {
  using Bytes = std::array<std::byte, Head::kExtent>;
  const RemoteAddr address = object - Head::kObject;
  const auto bytes = memory.Read<Bytes>(address);
  if (!bytes || !head.IsTracked(bytes->data()) ||
      RemoteAddr{head.Type(bytes->data())} != type) {
    return false;
  }
  if constexpr (!Head::kHasLinks) return true;
  const auto next = memory.Read<Bytes>(RemoteAddr{head.Next(bytes->data())});
  return next && head.PointsBack(next->data(), Value(address));
}

}  // namespace

bool IsTrackedObject(const RemoteMemory& memory, const Layout& layout,
                     RemoteAddr object, RemoteAddr type) {
  return WithGcHead(layout, [&](const auto& head) {
    return IsTracked(memory, head, object, type);
  });
}

}  // namespace leak_exporter::cpython
