#include "tests/metrics/cpython/sizes/measuring.h"

namespace leak_exporter::cpython {
namespace {

TEST_CASE(
    "frames: generators, new, suspended and finished, are measured as "
    "the interpreter says") {
  CHECK(CompareWithRecorded({"generator_new", "generator_suspended",
                             "generator_finished", "generator_expression"}) ==
        24);
}

TEST_CASE("frames: coroutines and asynchronous generators, too") {
  CHECK(CompareWithRecorded({"coroutine_new", "coroutine_suspended",
                             "asynchronous_generator"}) == 15);
}

TEST_CASE("frames: frames that a traceback keeps") {
  CHECK(CompareWithRecorded({"frame_finished"}) == 6);
}

/// Measures a recorded object with another value somewhere.
struct TornObject {
  TornObject(const std::string& version, const std::string& name)
      : heap(RecordedObjects(version)),
        said(heap.objects.at(name)),
        layout(heap.runtime.layout) {}
  template <typename T>
  ObjectMeasure With(RemoteAddr address, const T& value) const {
    return Measure(Torn(heap.memory, address, value), layout, said.address);
  }
  const RecordedHeap& heap;
  const RecordedObject& said;
  const Layout& layout;
};

TEST_CASE("frames: a generator whose code is nowhere has no slots") {
  const TornObject torn("3.11.2", "generator_suspended");
  const ObjectMeasure measure =
      torn.With(torn.said.address + torn.layout.internal.generator.gi_code,
                ObjectBuilder::kNowhere);
  // The collector's head, and the struct up to localsplus.
  CHECK(measure.bytes == 16 + torn.layout.internal.generator.gi_iframe +
                             torn.layout.interpreter_frame.localsplus);
  CHECK(measure.references == torn.said.references);
}

TEST_CASE("frames: the slots of code are bounded") {
  const TornObject torn("3.11.2", "generator_suspended");
  const RemoteAddr code = *torn.heap.memory.ReadPointer(
      torn.said.address + torn.layout.internal.generator.gi_code);
  const uint64_t fixed = 16 + torn.layout.internal.generator.gi_iframe +
                         torn.layout.interpreter_frame.localsplus;
  const RemoteAddr stacksize = code + torn.layout.code.co_stacksize;
  CHECK(torn.With(stacksize, INT32_MAX).bytes == fixed + 8 * (1 << 16));
  CHECK(torn.With(stacksize, INT32_MIN).bytes == fixed);
}

TEST_CASE("frames: a stack that is said to be endless ends with its memory") {
  for (const std::string version : {"3.11.2", "3.15.2"}) {
    INFO(version);
    const TornObject torn(version, "generator_suspended");
    const RemoteAddr top = torn.said.address +
                           torn.layout.internal.generator.gi_iframe +
                           torn.layout.interpreter_frame.stacktop;
    // Below the first slot: what stands in slots is left out.
    const bool is_pointer = torn.layout.internal.tagged_stack;
    const ObjectMeasure none =
        is_pointer ? torn.With(top, uint64_t{0}) : torn.With(top, int32_t{-5});
    CHECK(none.references < torn.said.references);
    const ObjectMeasure all =
        is_pointer ? torn.With(top, UINT64_MAX / 2) : torn.With(top, INT32_MAX);
    CHECK(all.references > torn.said.references);
    CHECK(all.references < torn.said.references + (1 << 16));
    CHECK(none.bytes == torn.said.bytes);
  }
}

TEST_CASE("frames: up to 3.10 a stack that ends before it begins is empty") {
  const TornObject torn("3.8.18", "frame_finished");
  const auto top = torn.said.address + torn.layout.internal.frame.f_stacktop;
  CHECK(torn.With(top, uint64_t{8}).references == torn.said.references);
  // Code that is nowhere: no locals.
  const ObjectMeasure measure = torn.With(
      torn.said.address + torn.layout.frame.f_code, ObjectBuilder::kNowhere);
  CHECK(measure.references == torn.said.references - 1);
  CHECK(measure.bytes == 16 + torn.layout.internal.frame.size);
}

TEST_CASE("frames: a frame object that does not own its frame leaves it out") {
  const TornObject torn("3.11.2", "frame_finished");
  const RemoteAddr frame = *torn.heap.memory.ReadPointer(
      torn.said.address + torn.layout.frame.f_frame);
  const ObjectMeasure measure =
      torn.With(frame + torn.layout.interpreter_frame.owner, uint8_t{0});
  CHECK(measure.bytes == torn.said.bytes);
  // f_back
  CHECK(measure.references == 1);
  CHECK(torn.With(torn.said.address + torn.layout.frame.f_frame,
                  ObjectBuilder::kNowhere)
            .references == 1);
}

}  // namespace
}  // namespace leak_exporter::cpython
