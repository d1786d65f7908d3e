#pragma once

#include <cstdint>

#include "metrics/base/result.h"
#include "metrics/cpython/layout/offset.h"
#include "metrics/cpython/layout/python_version.h"

namespace leak_exporter::cpython {

/// The part of a Layout that only measuring needs: frames, generators, and
/// types whose structs stand in no header but in Objects/*.c and Modules/*.c.
/// Tests check it by measuring instances in every interpreter. It is plain
/// data, assigned by field name, and does not fit free-threaded builds.
struct InternalLayout {
  /// A stack slot of a frame may hold a tagged int or a tagged NULL.
  bool tagged_stack = false;
  /// Instances of C types made at run time visit their type (3.9 on).
  bool heap_types_visited = false;
  /// subtype_traverse always visits the type, not only where the base does not.
  bool subtype_always_visits = false;
  /// An instance that has a dict visits the values that stand in it (3.13.0 to
  /// 3.13.4). Otherwise the dict visits them.
  bool instance_visits_embedded_values = false;
  /// repr of a weak reference names the type with its module (3.13 on).
  bool weakrefs_show_qualified = false;
  /// repr of a bytearray escapes ' also between double quotes (up to 3.14).
  bool bytearray_escapes_single = true;
  /// repr of an exception with one argument has no comma (3.7 on).
  bool lone_argument_bare = false;
  /// type.__sizeof__ returns the size of the struct, whatever a metaclass adds
  /// (3.x).
  bool type_sized_by_struct = false;
  /// repr of a classmethod or staticmethod shows what it wraps (3.10 on).
  bool callables_show_what_they_hold = false;
  /// Subclasses of deque, defaultdict and bytearray are shown by their own
  /// names (3.7 on).
  bool subclass_names_shown = false;
  /// The bit of FileIO.closefd in the flags that follow fd.
  Offset closefd_bit = 6;
  /// int.__sizeof__ counts a digit also for 0 (3.11 on).
  uint64_t least_digits = 0;
  /// bytearray.__sizeof__ counts the bytes object that it keeps its bytes in
  /// (3.15 on).
  Offset bytearray_object = kAbsent;

  struct Frame {
    /// Up to 3.10: where the stack begins, and where it ends or how deep it is.
    Offset f_valuestack = kAbsent;
    Offset f_stacktop = kAbsent;
    Offset f_stackdepth = kAbsent;
    /// Words that frame_traverse visits, as in FindTraverseMask().
    uint64_t words = 0;
    /// sizeof(PyFrameObject), less its one slot; from 3.11 on up to the
    /// _PyInterpreterFrame.
    Offset size = kAbsent;
  } frame;

  struct Code {
    /// Up to 3.10.
    Offset co_nlocals = kAbsent;
    Offset co_stacksize = kAbsent;
    Offset co_cellvars = kAbsent;
    Offset co_freevars = kAbsent;
  } code;

  struct InterpreterFrame {
    /// Words that _PyFrame_Traverse visits.
    uint64_t words = 0;
    Offset owner_frame_object = kAbsent;
  } interpreter_frame;

  /// Generators, coroutines and asynchronous generators that hold their frame.
  struct Generator {
    uint64_t words = 0;
    /// ag_origin_or_finalizer
    uint64_t async_words = 0;
    /// 3.11 has the code here, later versions in the frame.
    Offset gi_code = kAbsent;
    Offset gi_qualname = kAbsent;
    Offset gi_frame_state = kAbsent;
    Offset gi_iframe = kAbsent;
    /// FRAME_CLEARED
    int8_t cleared = 0;
    /// A generator that has ended visits its code (3.14 on).
    bool code_always_visited = false;
  } generator;

  struct Module {
    Offset md_dict = 16;
    Offset md_state = kAbsent;
    Offset md_name = kAbsent;
    /// The PyModuleDef, which holds the two fields below. Since 3.15 the module
    /// itself holds them.
    Offset md_def = kAbsent;
    Offset state_size = kAbsent;
    Offset state_traverse = kAbsent;
  } module;

  struct Deque {
    Offset len = 16;
    Offset leftindex = 40;
    Offset maxlen = 64;
    Offset block_data = 8;
    Offset block_right_link = 520;
    /// BLOCKLEN and sizeof(block)
    uint32_t block_items = 64;
    uint32_t block_bytes = 528;
  } deque;

  struct OrderedDict {
    Offset od_fast_nodes_size = 72;
    Offset od_first = 48;
    Offset od_inst_dict = 96;
    Offset node_next = 16;
    /// repr is OrderedDict({…}) (3.12 on), not OrderedDict([(…)]).
    bool shown_as_dict = false;
    uint32_t node_bytes = 32;
  } ordered_dict;

  struct DefaultDict {
    Offset default_factory = 48;
  } default_dict;

  struct LruCache {
    Offset root_next = 24;
    Offset cache = kAbsent;
    /// How many references a link of the list counts for: its key, result and
    /// type, or only itself.
    uint32_t link_references = 0;
  } lru_cache;

  struct TeeData {
    Offset it = 16;
    Offset numread = 24;
    Offset nextlink = 32;
    uint32_t capacity = 57;
  } tee_data;

  struct Element {
    Offset extra = 40;
    Offset extra_length = 8;
    Offset extra_allocated = 16;
    Offset extra_children = 24;
    Offset extra_own_children = 32;
    uint32_t extra_bytes = 64;
    /// tag, text and tail
    uint64_t words = 0x1c;
  } element;

  struct SimpleQueue {
    Offset num_items = kAbsent;
    /// SimpleQueue.__sizeof__ counts room for so many items (3.15 on).
    Offset items_cap = kAbsent;
  } simple_queue;

  struct Buffered {
    Offset buffer = 56;
    Offset buffer_size = kAbsent;
  } buffered;

  struct BytesIo {
    Offset buf = 16;
    /// 2.7: the buffer is memory of its own, not a bytes object.
    Offset buf_size = kAbsent;
  } bytes_io;

  struct Struct {
    Offset s_codes = 32;
    uint32_t code_bytes = 32;
  } struct_object;

  struct Array {
    Offset allocated = 32;
    Offset ob_descr = 40;
    Offset descr_itemsize = 4;
  } array;

  /// numpy.ndarray (ndarraytypes.h), of numpy 1 and 2.
  struct NdArray {
    Offset nd = 24;
    Offset dimensions = 32;
    Offset strides = 40;
    Offset flags = 64;
  } nd_array;

  struct Decimal {
    Offset alloc = 56;
    Offset data = 64;
    Offset own_data = 72;
  } decimal;

  struct Combinations {
    /// 3.x counts the arrays of indices.
    bool sized = true;
    Offset pools = 16;
    Offset r = 40;
    Offset permutations_r = 48;
  } combinations;
};

/// Finds the part for a version; FindLayout() puts it into the Layout. An error
/// that names the version where the table does not know it.
Result<InternalLayout> FindInternalLayout(const PythonVersion& version);

}  // namespace leak_exporter::cpython
