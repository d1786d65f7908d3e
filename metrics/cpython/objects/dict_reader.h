#pragma once

#include <cstdint>
#include <functional>

#include "metrics/cpython/objects/dict.h"
#include "metrics/cpython/objects/type_table.h"
#include "metrics/remote/read_cache.h"

namespace leak_exporter::cpython {

/// Calls `use(key, value)` for each item of a dict (or of a subclass), in the
/// order in which Python iterates. Stops when `use` returns false, or after
/// `limit` entries, and reads no further. Returns false where the dict cannot
/// be read or makes no sense.
bool ForEachItem(const Layout& layout, ReadCache& memory, RemoteAddr dict,
                 uint64_t limit,
                 const std::function<bool(RemoteAddr, RemoteAddr)>& use);

/// Calls `use(name, value)` for each attribute that an instance itself has,
/// whether the values stand in the instance, beside it or in its dict. `type`
/// is its class. Otherwise like ForEachItem().
bool ForEachAttribute(const Layout& layout, ReadCache& memory,
                      RemoteAddr object, const TypeInfo& type,
                      const std::function<bool(RemoteAddr, RemoteAddr)>& use);

}  // namespace leak_exporter::cpython
