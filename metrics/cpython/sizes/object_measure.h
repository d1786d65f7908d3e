#pragma once

#include <cstdint>

#include "metrics/cpython/layout/layout.h"
#include "metrics/cpython/objects/object_view.h"
#include "metrics/cpython/objects/type_shape.h"
#include "metrics/remote/address_range.h"
#include "metrics/remote/read_cache.h"

namespace leak_exporter::cpython {

/// One object's sys.getsizeof() and len(gc.get_referents()).
struct ObjectMeasure {
  uint64_t bytes = 0;
  uint64_t references = 0;
};

/// What measuring needs besides the object.
struct MeasureContext {
  const Layout& layout;
  ReadCache& memory;
  /// What FindGeneralLookup() found.
  RemoteAddr general_lookup{};
};

/// Finds the lookup function of dicts whose keys are not all str: in 3.6 to
/// 3.10 nothing else tells such a dict from others. The dict behind
/// object.__subclasses__() is one, and any `type` leads there. 0 where the
/// version needs no such function, or where it cannot be found.
RemoteAddr FindGeneralLookup(TypeTable& types, TypeIndex type);

/// The part of an object that stands elsewhere in memory: the keys of a dict,
/// or the attribute values of an instance. It is measured apart from the rest,
/// so that many such parts can be read at once.
struct OutOfLinePart {
  /// Empty where nothing is left.
  AddressRange range;
  /// The part is the keys of a dict; otherwise it is attribute values.
  bool dict = false;
  uint64_t used = 0;
  RemoteAddr values{};
};

/// Measures an object without its out-of-line part, and says in `out_of_line`
/// what that is.
ObjectMeasure MeasureInLine(const MeasureContext& context,
                            const TypeShape& shape, const ObjectView& object,
                            OutOfLinePart& out_of_line);
/// Adds the out-of-line part to `measure`, where it can be read.
void MeasureOutOfLine(const MeasureContext& context,
                      const OutOfLinePart& out_of_line, ObjectMeasure& measure);

/// Measures an object whole.
ObjectMeasure MeasureObject(const MeasureContext& context,
                            const TypeShape& shape, const ObjectView& object);

// The functions below add what a kind of objects has besides the fixed size,
// the items, the words and the attributes of every instance. What cannot be
// read adds nothing.

/// Leaves the keys to `out_of_line`.
void MeasureDict(const MeasureContext& context, const TypeShape& shape,
                 const ObjectView& object, OutOfLinePart& out_of_line,
                 ObjectMeasure& measure);
void MeasureDictKeys(const MeasureContext& context,
                     const OutOfLinePart& out_of_line, ObjectMeasure& measure);
void MeasureContainer(const MeasureContext& context, const TypeShape& shape,
                      const ObjectView& object, ObjectMeasure& measure);
void MeasureFrame(const MeasureContext& context, const TypeShape& shape,
                  const ObjectView& object, ObjectMeasure& measure);
void MeasureType(const MeasureContext& context, const ObjectView& object,
                 ObjectMeasure& measure);
/// Adds what the state of a module that is written in C refers to.
void MeasureModule(const MeasureContext& context, const ObjectView& object,
                   ObjectMeasure& measure);
void MeasureLibraryObject(const MeasureContext& context, const TypeShape& shape,
                          const ObjectView& object, ObjectMeasure& measure);

/// Measures an int, str or bytearray. It sets `measure`, whatever was there.
void MeasureScalar(const MeasureContext& context, const TypeShape& shape,
                   const ObjectView& object, ObjectMeasure& measure);

}  // namespace leak_exporter::cpython
