#pragma once

#include <cstdint>

#include "metrics/cpython/near_memory.h"
#include "metrics/cpython/object_plan.h"
#include "metrics/cpython/object_view.h"
#include "metrics/cpython/private_layout.h"

namespace leak_exporter::cpython {

/// One object's sys.getsizeof() and len(gc.get_referents()).
struct ObjectMeasure {
  uint64_t bytes = 0;
  uint64_t references = 0;
};

/// What measuring one object needs to know beside the object.
struct MeasureContext {
  const Layout& layout;
  const PrivateLayout& private_layout;
  NearMemory& memory;
  /// 3.6 to 3.10: what FindGeneralLookup() found.
  RemoteAddr general_lookup{};
};

/// 3.6 to 3.10: the lookup function of dicts with keys that are not str, by
/// which they are told from others. object.__subclasses__() goes by such a
/// dict. `type` is any type; 0 where other versions need none or none can be
/// found.
RemoteAddr FindGeneralLookup(TypeTable& types, TypeIndex type);

/// Where an instance's attribute values are, if in memory of their own: in 3.11
/// and 3.12, until a dict is made of them.
RemoteAddr ValuesElsewhere(const ObjectPlan& plan, const ObjectView& object);

/// The part that every instance has: fixed sizes, items, words, attributes. The
/// functions below add what their kind has beside it; what cannot be read adds
/// nothing.
ObjectMeasure MeasureWords(const MeasureContext& context,
                           const ObjectPlan& plan, const ObjectView& object);

void MeasureDict(const MeasureContext& context, const ObjectPlan& plan,
                 const ObjectView& object, ObjectMeasure& measure);
void MeasureContainer(const MeasureContext& context, const ObjectPlan& plan,
                      const ObjectView& object, ObjectMeasure& measure);
void MeasureFrame(const MeasureContext& context, const ObjectPlan& plan,
                  const ObjectView& object, ObjectMeasure& measure);
void MeasureType(const MeasureContext& context, const ObjectView& object,
                 ObjectMeasure& measure);
void MeasureLibraryObject(const MeasureContext& context, const ObjectPlan& plan,
                          const ObjectView& object, ObjectMeasure& measure);
/// int, str and bytearray; `measure` is set, not added to.
void MeasureScalar(const MeasureContext& context, const ObjectPlan& plan,
                   const ObjectView& object, ObjectMeasure& measure);

/// All of it.
ObjectMeasure MeasureObject(const MeasureContext& context,
                            const ObjectPlan& plan, const ObjectView& object);

}  // namespace leak_exporter::cpython
