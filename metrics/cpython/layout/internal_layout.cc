#include "metrics/cpython/layout/internal_layout.h"

#include <cerrno>
#include <initializer_list>
#include <string>

/// Each function states only what changed since the version before.
namespace leak_exporter::cpython {
namespace {

constexpr uint64_t Words(std::initializer_list<Offset> offsets) {
  uint64_t words = 0;
  for (const Offset offset : offsets) words |= uint64_t{1} << offset / 8;
  return words;
}

void Set27(InternalLayout& l) {
  l.subtype_always_visits = true;
  l.frame.f_valuestack = 64;
  l.frame.f_stacktop = 72;
  // f_back to f_locals, f_trace, f_exc_*
  l.frame.words = Words({24, 32, 40, 48, 56, 80, 88, 96, 104});
  l.frame.size = 376;
  l.code.co_nlocals = 20;
  l.code.co_stacksize = 24;
  l.code.co_freevars = 64;
  l.code.co_cellvars = 72;
  l.deque.len = 48;
  l.deque.leftindex = 32;
  l.deque.maxlen = 64;
  l.deque.block_data = 0;
  l.deque.block_right_link = 496;
  l.deque.block_items = 62;
  l.deque.block_bytes = 512;
  l.default_dict.default_factory = 248;
  l.buffered.buffer_size = 120;
  l.combinations.sized = false;
  l.bytes_io.buf_size = 40;
  l.struct_object.code_bytes = 24;
}

void Set36(InternalLayout& l) {
  l.type_sized_by_struct = true;
  l.module.md_state = 32;
  l.module.md_name = 48;
  l.module.md_def = 24;
  l.module.state_size = 56;
  l.module.state_traverse = 80;
  l.code.co_nlocals = 24;
  l.code.co_stacksize = 28;
  l.code.co_freevars = 72;
  l.code.co_cellvars = 80;
  l.deque = {};
  l.default_dict = {};
  l.combinations = {};
  l.bytes_io.buf_size = kAbsent;
  l.struct_object = {};
  l.generator.gi_qualname = 56;
  l.lru_cache.cache = 88;
  l.lru_cache.link_references = 1;
}

void Set37(InternalLayout& l) {
  l.lone_argument_bare = true;
  l.subclass_names_shown = true;
  // The exception state moved to the thread and to generators.
  l.frame.words = Words({24, 32, 40, 48, 56, 80});
  l.frame.size = 360;
  l.lru_cache.cache = 72;
  l.lru_cache.link_references = 2;
}

void Set38(InternalLayout& l) {
  l.code.co_nlocals = 28;
  l.code.co_stacksize = 32;
  l.code.co_freevars = 80;
  l.code.co_cellvars = 88;
}

void Set39(InternalLayout& l) {
  l.subtype_always_visits = false;
  l.heap_types_visited = true;
}

void Set310(InternalLayout& l) {
  l.callables_show_what_they_hold = true;
  l.frame.words = Words({24, 32, 40, 48, 56, 72});
  l.frame.f_stacktop = kAbsent;
  l.frame.f_stackdepth = 80;
  l.generator.gi_qualname = 48;
  l.frame.size = 352;
  l.lru_cache.link_references = 3;
}

void Set311(InternalLayout& l) {
  l.frame = {};
  l.frame.words = Words({16, 32});
  l.frame.size = 48;
  l.code = {};
  // f_func, f_locals, f_code, frame_obj
  l.interpreter_frame.words = Words({0, 24, 32, 40});
  l.interpreter_frame.owner_frame_object = 2;
  l.generator.words = Words({16, 32, 40, 48});
  l.generator.async_words = Words({64});
  l.generator.gi_code = 16;
  l.generator.gi_qualname = 40;
  l.generator.gi_frame_state = 75;
  l.generator.gi_iframe = 80;
  l.generator.cleared = 4;
  l.least_digits = 1;
}

void Set312(InternalLayout& l) {
  l.ordered_dict.shown_as_dict = true;
  l.interpreter_frame.words = Words({0, 16, 40, 48});
  l.generator.words = Words({24, 32, 40});
  l.generator.async_words = Words({56});
  l.generator.gi_code = kAbsent;
  l.generator.gi_qualname = 32;
  l.generator.gi_frame_state = 67;
  l.generator.gi_iframe = 72;
}

void Set313(InternalLayout& l) {
  l.weakrefs_show_qualified = true;
  // Up to 3.13.4.
  l.instance_visits_embedded_values = true;
  // f_extra_locals, f_locals_cache
  l.frame.words |= Words({48, 56});
  l.frame.size = 64;
  l.simple_queue.num_items = 56;
}

void Set314(InternalLayout& l) {
  l.tagged_stack = true;
  l.instance_visits_embedded_values = false;
  l.generator.code_always_visited = true;
  // f_overwritten_fast_locals
  l.frame.words |= Words({64});
  l.frame.size = 72;
}

void Set315(InternalLayout& l) {
  l.generator.cleared = 5;
  l.simple_queue.items_cap = 48;
  l.module.md_state = 24;
  l.module.md_name = 40;
  l.module.md_def = kAbsent;
  l.module.state_traverse = 64;
  l.bytearray_object = 56;
  l.bytearray_escapes_single = false;
  l.closefd_bit = 7;
}

}  // namespace

Result<InternalLayout> FindInternalLayout(const PythonVersion& version) {
  struct Step {
    uint32_t major;
    uint32_t minor;
    void (*apply)(InternalLayout&);
  };
  constexpr Step kSteps[] = {{2, 7, Set27},   {3, 6, Set36},   {3, 7, Set37},
                             {3, 8, Set38},   {3, 9, Set39},   {3, 10, Set310},
                             {3, 11, Set311}, {3, 12, Set312}, {3, 13, Set313},
                             {3, 14, Set314}, {3, 15, Set315}};
  InternalLayout layout;
  for (const Step& step : kSteps) {
    step.apply(layout);
    if (!IsSameMinor(version, {step.major, step.minor, {}})) continue;
    layout.instance_visits_embedded_values =
        layout.instance_visits_embedded_values && version.micro.value_or(5) < 5;
    return layout;
  }
  return Failure(ENOTSUP, "the frames and library types of CPython " +
                              ToString(version) + " are not known");
}

}  // namespace leak_exporter::cpython
