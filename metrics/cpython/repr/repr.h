#pragma once

#include <cstddef>
#include <string>

#include "metrics/cpython/objects/type_table.h"
#include "metrics/remote/read_cache.h"

namespace leak_exporter::cpython {

/// Shows objects as repr() does: those that C code renders, and named tuples.
/// The Python code of a class cannot be run from outside: its instances are
/// shown as `<module.Class object at 0x…>`, and so is what cannot be read.
/// Serves one walk, like the table. Not thread-safe.
class ReprPrinter {
 public:
  /// `types` must outlive this object.
  explicit ReprPrinter(TypeTable& types);

  /// repr(object)[:limit] in UTF-8; `limit` counts characters.
  std::string Print(RemoteAddr object, size_t limit = 100);

 private:
  TypeTable& types_;
  ReadCache memory_;
};

}  // namespace leak_exporter::cpython
