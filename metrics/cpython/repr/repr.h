#pragma once

#include <cstddef>
#include <string>

#include "metrics/cpython/objects/type_table.h"
#include "metrics/remote/read_cache.h"

namespace leak_exporter::cpython {

/// Shows objects as repr() does, from outside: what C code renders, and named
/// tuples. What a class renders by Python code nobody can run from here; it is
/// shown as `<module.Class object at 0x…>`, as is what cannot be read. Of one
/// walk, like the table. Not thread-safe.
class ReprPrinter {
 public:
  /// `types` must outlive it.
  explicit ReprPrinter(TypeTable& types);

  /// repr(object)[:limit] in UTF-8; `limit` counts characters.
  std::string Print(RemoteAddr object, size_t limit = 100);

 private:
  TypeTable& types_;
  ReadCache memory_;
};

}  // namespace leak_exporter::cpython
