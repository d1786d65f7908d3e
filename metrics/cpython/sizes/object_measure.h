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

/// What measuring one object needs to know beside the object.
struct MeasureContext {
  const Layout& layout;
  ReadCache& memory;
  /// 3.6 to 3.10: what FindGeneralLookup() found.
  RemoteAddr general_lookup{};
};

/// 3.6 to 3.10: the lookup function of dicts with keys that are not str, by
/// which they are told from others. object.__subclasses__() goes by such a
/// dict. `type` is any type; 0 where other versions need none or none can be
/// found.
RemoteAddr FindGeneralLookup(TypeTable& types, TypeIndex type);

/// What measuring an object still needs to read elsewhere: the keys of a dict,
/// or the attribute values of an instance. Apart, so that many can be read at
/// once.
struct OutOfLinePart {
  /// Empty where nothing is left.
  AddressRange range;
  /// Of a dict; otherwise they are attribute values.
  bool dict = false;
  uint64_t used = 0;
  RemoteAddr values{};
};

/// All of an object but its far part.
ObjectMeasure MeasureNear(const MeasureContext& context, const TypeShape& plan,
                          const ObjectView& object, OutOfLinePart& far);
/// Adds the far part, where it can be read.
void MeasureFar(const MeasureContext& context, const OutOfLinePart& far,
                ObjectMeasure& measure);

/// Both at once.
ObjectMeasure MeasureObject(const MeasureContext& context,
                            const TypeShape& plan, const ObjectView& object);

// What the kinds of objects add to what every instance has: fixed sizes, items,
// words, attributes. What cannot be read adds nothing.

/// Leaves the keys to `far`.
void MeasureDict(const MeasureContext& context, const TypeShape& plan,
                 const ObjectView& object, OutOfLinePart& far,
                 ObjectMeasure& measure);
void MeasureDictKeys(const MeasureContext& context, const OutOfLinePart& far,
                     ObjectMeasure& measure);
void MeasureContainer(const MeasureContext& context, const TypeShape& plan,
                      const ObjectView& object, ObjectMeasure& measure);
void MeasureFrame(const MeasureContext& context, const TypeShape& plan,
                  const ObjectView& object, ObjectMeasure& measure);
void MeasureType(const MeasureContext& context, const ObjectView& object,
                 ObjectMeasure& measure);
/// What the state of a module that is written in C refers to.
void MeasureModule(const MeasureContext& context, const ObjectView& object,
                   ObjectMeasure& measure);
void MeasureLibraryObject(const MeasureContext& context, const TypeShape& plan,
                          const ObjectView& object, ObjectMeasure& measure);

/// int, str and bytearray; `measure` is set, not added to.
void MeasureScalar(const MeasureContext& context, const TypeShape& plan,
                   const ObjectView& object, ObjectMeasure& measure);

}  // namespace leak_exporter::cpython
