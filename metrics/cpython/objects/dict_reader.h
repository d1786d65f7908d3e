#pragma once

#include <cstdint>
#include <functional>

#include "metrics/cpython/objects/dict.h"
#include "metrics/cpython/objects/type_table.h"
#include "metrics/remote/read_cache.h"

namespace leak_exporter::cpython {

/// Calls `use(key, value)` for the items of a dict (or of a subclass of it), in
/// the order in which Python iterates, until it says false or `limit` entries
/// were looked at. Reads no more than that takes; false where it does not make
/// sense.
bool ForEachItem(const Layout& layout, ReadCache& memory, RemoteAddr dict,
                 uint64_t limit,
                 const std::function<bool(RemoteAddr, RemoteAddr)>& use);

/// The same for the attributes of an instance, with the names as keys: those
/// that stand in or beside it, or in its dict. `type` is its class.
bool ForEachAttribute(const Layout& layout, ReadCache& memory,
                      RemoteAddr object, const TypeInfo& type,
                      const std::function<bool(RemoteAddr, RemoteAddr)>& use);

}  // namespace leak_exporter::cpython
