#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>

#include "exporter/http/client_trust.h"
#include "metrics/snapshot.h"

namespace leak_exporter::http {

/// The user whom a main process belongs to; absent if that is not known, or if
/// it has the rights of several. May read /proc.
using UserOf = std::function<std::optional<uid_t>(const MainProcess&)>;

/// Replaces the values that a client may not see: what the repr of an object
/// shows becomes its type, and the paths of open files become their number. A
/// target's values are withheld unless all its main processes belong to
/// somebody whom the client is trusted with.
void WithholdValues(const Trust& trust, const UserOf& user_of,
                    Snapshot& snapshot);

}  // namespace leak_exporter::http
