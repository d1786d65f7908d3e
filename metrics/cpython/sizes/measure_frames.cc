#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "metrics/cpython/sizes/object_measure.h"

namespace leak_exporter::cpython {
namespace {

constexpr uint64_t kWordBytes = 8;
/// No code that anybody wrote has more slots.
constexpr int64_t kMaxSlots = 1 << 16;

bool IsReference(const MeasureContext& context, uint64_t word) {
  if (!context.layout.internal.tagged_stack) return word != 0;
  // NULL is tagged, too; both low bits set mean an int.
  return word > 1 && (word & 3) != 3;
}

RemoteAddr Untagged(RemoteAddr tagged) {
  return RemoteAddr{Value(tagged) & ~uint64_t{3}};
}

uint64_t CountSlots(const MeasureContext& context, RemoteAddr first,
                    int64_t slots) {
  uint64_t count = 0;
  for (int64_t i = 0; i < std::min(slots, kMaxSlots); ++i) {
    const auto word = context.memory.Read<uint64_t>(
        first + kWordBytes * static_cast<uint64_t>(i));
    if (!word) break;
    count += IsReference(context, *word);
  }
  return count;
}

/// What _PyFrame_Traverse visits, from 3.11 on.
uint64_t CountInterpreterFrame(const MeasureContext& context,
                               RemoteAddr frame) {
  const auto& layout = context.layout.interpreter_frame;
  uint64_t count = 0;
  for (uint64_t words = context.layout.internal.interpreter_frame.words;
       words != 0; words &= words - 1) {
    const auto word = context.memory.Read<uint64_t>(
        frame + kWordBytes * static_cast<uint64_t>(std::countr_zero(words)));
    count += word && IsReference(context, *word);
  }
  const RemoteAddr locals = frame + layout.localsplus;
  int64_t slots = 0;
  if (context.layout.internal.tagged_stack) {
    const auto end = context.memory.Read<uint64_t>(frame + layout.stacktop);
    slots = static_cast<int64_t>(end.value_or(0) - Value(locals)) /
            static_cast<int64_t>(kWordBytes);
  } else {
    slots = context.memory.Read<int32_t>(frame + layout.stacktop).value_or(0);
  }
  return count + CountSlots(context, locals, slots);
}

int64_t ReadInt(const MeasureContext& context, RemoteAddr address) {
  return context.memory.Read<int32_t>(address).value_or(0);
}

/// The slots of a frame of this code, from 3.11 on.
int64_t FrameSlots(const MeasureContext& context, RemoteAddr code) {
  const auto& layout = context.layout.code;
  if (layout.co_framesize == kAbsent)
    return ReadInt(context, code + layout.co_nlocalsplus) +
           ReadInt(context, code + layout.co_stacksize);
  return ReadInt(context, code + layout.co_framesize) -
         context.layout.interpreter_frame.localsplus /
             static_cast<int64_t>(kWordBytes);
}

uint64_t SlotBytes(int64_t slots) {
  return kWordBytes *
         static_cast<uint64_t>(std::clamp<int64_t>(slots, 0, kMaxSlots));
}

void MeasureGenerator(const MeasureContext& context, const TypeShape& shape,
                      const ObjectView& object, ObjectMeasure& measure) {
  const auto& layout = context.layout.internal.generator;
  const auto& frame_layout = context.layout.interpreter_frame;
  const RemoteAddr frame = object.address() + layout.gi_iframe;
  const RemoteAddr code =
      layout.gi_code == kAbsent
          ? Untagged(object.Pointer(layout.gi_iframe + frame_layout.executable))
          : object.Pointer(layout.gi_code);
  // gen_sizeof returns the size of the struct, whatever basic size and items
  // say.
  measure.bytes = shape.fixed_bytes - static_cast<uint64_t>(shape.basicsize) +
                  layout.gi_iframe + frame_layout.localsplus +
                  SlotBytes(FrameSlots(context, code));
  if (object.Get<int8_t>(layout.gi_frame_state) != layout.cleared)
    measure.references += CountInterpreterFrame(context, frame);
  else if (layout.code_always_visited)
    measure.references += code != RemoteAddr{};
}

/// Locals, cells and free variables of code, up to 3.10.
int64_t LocalSlots(const MeasureContext& context, RemoteAddr code) {
  const auto& layout = context.layout.internal.code;
  int64_t slots = ReadInt(context, code + layout.co_nlocals);
  for (const Offset tuple : {layout.co_cellvars, layout.co_freevars}) {
    const auto address = context.memory.Read<RemoteAddr>(code + tuple);
    if (address)
      slots += ReadInt(context, *address + context.layout.object.ob_size);
  }
  return slots;
}

/// Up to 3.10: locals and stack stand in the frame object.
void MeasureOldFrame(const MeasureContext& context, const TypeShape& shape,
                     const ObjectView& object, ObjectMeasure& measure) {
  const auto& layout = context.layout.internal.frame;
  const RemoteAddr code = object.Pointer(context.layout.frame.f_code);
  const int64_t locals = LocalSlots(context, code);
  measure.references += CountSlots(
      context, object.address() + context.layout.frame.f_localsplus, locals);
  const RemoteAddr stack = object.Pointer(layout.f_valuestack);
  int64_t depth = 0;
  if (layout.f_stacktop != kAbsent) {
    const RemoteAddr top = object.Pointer(layout.f_stacktop);
    if (top != RemoteAddr{})
      depth = static_cast<int64_t>(Value(top) - Value(stack)) /
              static_cast<int64_t>(kWordBytes);
  } else {
    depth = object.Get<int32_t>(layout.f_stackdepth);
  }
  measure.references += CountSlots(context, stack, depth);
  const int64_t slots =
      locals +
      ReadInt(context, code + context.layout.internal.code.co_stacksize);
  measure.bytes = shape.fixed_bytes - static_cast<uint64_t>(shape.basicsize) +
                  layout.size + SlotBytes(slots);
}

}  // namespace

void MeasureFrame(const MeasureContext& context, const TypeShape& shape,
                  const ObjectView& object, ObjectMeasure& measure) {
  if (shape.kind == ObjectKind::kGenerator)
    return MeasureGenerator(context, shape, object, measure);
  if (context.layout.frame.f_frame == kAbsent)
    return MeasureOldFrame(context, shape, object, measure);
  const auto& frame_layout = context.layout.interpreter_frame;
  const RemoteAddr frame = object.Pointer(context.layout.frame.f_frame);
  const auto code =
      context.memory.Read<RemoteAddr>(frame + frame_layout.executable);
  measure.bytes = shape.fixed_bytes - static_cast<uint64_t>(shape.basicsize) +
                  context.layout.internal.frame.size + frame_layout.localsplus;
  if (code) measure.bytes += SlotBytes(FrameSlots(context, Untagged(*code)));
  const auto owner = context.memory.Read<uint8_t>(frame + frame_layout.owner);
  if (owner &&
      *owner == context.layout.internal.interpreter_frame.owner_frame_object)
    measure.references += CountInterpreterFrame(context, frame);
}

}  // namespace leak_exporter::cpython
