#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "metrics/base/result.h"
#include "metrics/cpython/layout/internal_layout.h"
#include "metrics/cpython/layout/offset.h"
#include "metrics/cpython/layout/python_version.h"

namespace leak_exporter::cpython {

/// How a version links an object to the collector.
enum class GcScheme {
  /// 2.7 to 3.7: plain links; gc_refs says whether the object is tracked.
  kRefs,
  /// 3.8 on: two flag bits in the links; both are zero when not tracked.
  kTagged,
  /// Free-threaded: no links, a bit in the object's own header.
  kBits,
};

/// How a dict's keys are stored.
enum class DictScheme {
  /// 2.7: a table of {hash, key, value} in the dict.
  kOpenTable,
  /// 3.6 to 3.10: indices and entries; sizes in full words.
  kKeys,
  /// 3.11 on: the same with sizes as logarithms, and two kinds of entries.
  kLogKeys,
};

/// Where an instance keeps its attributes before a dict is made of them.
enum class ManagedDict {
  kNone,
  /// 3.11: values at object - 32, dict at object - 24.
  k311,
  /// 3.12: one tagged pointer at object - 24; the low bit means values.
  k312,
  /// 3.13 on: dict at object - 24, values inline behind basicsize.
  k313,
};

/// The offsets of one minor version of CPython. It is plain data, assigned by
/// field name in layouts.cc. layouts_test.cc compares it with the offsets that
/// C code prints when it is compiled against the version's own headers. Names
/// are CPython's. 64-bit little endian; x86-64 and aarch64 agree.
struct Layout {
  PythonVersion version;
  bool free_threaded = false;
  /// Whether counts were compared with those of a running interpreter. Where
  /// they were not, the offsets come from the headers alone, and no heap is
  /// read by them.
  bool compared = true;
  /// The language is Python 2: a str holds bytes, and reprs differ.
  bool python2 = false;
  /// The module that holds the built-in types.
  std::string_view builtins_module = "builtins";
  GcScheme gc_scheme = GcScheme::kTagged;
  DictScheme dict_scheme = DictScheme::kLogKeys;
  ManagedDict managed_dict = ManagedDict::kNone;
  /// 3.12 on: small ints, None and others hold reference counts that never
  /// change.
  bool immortal_objects = false;
  /// Blocks of pymalloc begin at multiples of this: 8 bytes before 3.8.
  Offset alignment = 16;
  /// Objects that the collector never tracks begin at multiples of this. 2.7's
  /// ints and floats stand in tables of their own, at multiples of 8.
  Offset untracked_alignment = 16;

  struct Runtime {
    Offset interpreters_head = kAbsent;
    /// 3.7 and 3.8 only: later each interpreter has its own.
    Offset gc = kAbsent;
  } runtime;

  struct Interpreter {
    /// Known only since 3.13, which describes itself.
    Offset size = kAbsent;
    Offset next = kAbsent;
    Offset id = kAbsent;
    Offset modules = kAbsent;
    Offset sysdict = kAbsent;
    Offset gc = kAbsent;
    Offset obmalloc = kAbsent;
    /// Since 3.13 the field points to the state; before, it holds the state.
    bool obmalloc_is_pointer = false;
  } interpreter;

  struct GcHead {
    /// Bytes before the object; 0 where there is no such head.
    Offset size = kAbsent;
    Offset gc_next = 0;
    Offset gc_prev = 8;
    Offset gc_refs = kAbsent;
    /// 3.6 and 3.7: the lowest bits of gc_refs are flags.
    unsigned gc_refs_shift = 0;
  } gc_head;

  struct Gc {
    /// The first list head as upstream has it; Debian's 3.13 has it 4 lower.
    Offset generations = kAbsent;
    Offset permanent_generation = kAbsent;
    Offset generation_stats = kAbsent;
    /// Since 3.15 the field is a pointer to ring buffers.
    bool stats_are_rings = false;
    Offset collecting = kAbsent;
    Offset garbage = kAbsent;
  } gc;

  struct Generation {
    Offset size = kAbsent;
    Offset threshold = kAbsent;
    Offset count = kAbsent;
  } generation;

  struct GenerationStats {
    Offset size = kAbsent;
    Offset collections = kAbsent;
    Offset collected = kAbsent;
    Offset uncollectable = kAbsent;
    /// Rings: where each begins, its number of records, its index field.
    Offset young = kAbsent;
    Offset young_records = kAbsent;
    Offset young_index = kAbsent;
    Offset old = kAbsent;
    Offset old_size = kAbsent;
    Offset old_records = kAbsent;
    Offset old_index = kAbsent;
  } stats;

  struct Obmalloc {
    Offset arenas = kAbsent;
    Offset max_arenas = kAbsent;
    Offset arenas_allocated = kAbsent;
  } obmalloc;

  struct Arena {
    Offset size = 48;
    Offset address = 0;
    Offset pool_address = 8;
    Offset free_pools = 16;
    Offset total_pools = 20;
    /// ARENA_SIZE
    Offset bytes = kAbsent;
  } arena;

  struct Pool {
    Offset count = 0;
    /// POOL_SIZE less the size of a block.
    Offset max_next_offset = 44;
    Offset header_size = 48;
    /// POOL_SIZE
    Offset size = kAbsent;
  } pool;

  struct Object {
    Offset ob_refcnt = 0;
    /// Bits of the reference count's word that are flags (3.14 on).
    uint64_t refcnt_flags = 0;
    Offset ob_type = 8;
    /// Free-threaded only: bit 0 says that the collector tracks the object.
    Offset gc_bits = kAbsent;
    Offset size = 16;
    Offset ob_size = 16;
  } object;

  struct Type {
    Offset tp_name = 24;
    Offset tp_basicsize = 32;
    Offset tp_itemsize = 40;
    Offset tp_dealloc = 48;
    Offset tp_repr = 88;
    Offset tp_flags = 168;
    Offset tp_traverse = 184;
    Offset tp_weaklistoffset = 208;
    Offset tp_members = 240;
    Offset tp_base = 256;
    Offset tp_dict = 264;
    Offset tp_dictoffset = 288;
    Offset tp_bases = 336;
    Offset tp_mro = 344;
    Offset tp_cache = 352;
    Offset tp_subclasses = 360;
    Offset size = kAbsent;
    Offset ht_name = kAbsent;
    Offset ht_slots = kAbsent;
    Offset ht_qualname = kAbsent;
    Offset ht_cached_keys = kAbsent;
    Offset ht_module = kAbsent;
    Offset heap_size = kAbsent;
  } type;

  struct Unicode {
    Offset length = 16;
    Offset state = kAbsent;
    /// By how many bits kind, compact and ascii are shifted: free-threaded
    /// builds have a whole byte for interned since 3.14.
    unsigned state_shift = 0;
    Offset ascii_size = kAbsent;
    Offset compact_size = kAbsent;
    Offset utf8_length = kAbsent;
    Offset utf8 = kAbsent;
    Offset data = kAbsent;
  } unicode;

  struct Bytes {
    Offset ob_sval = 32;
  } bytes;

  struct ByteArray {
    Offset ob_alloc = 24;
    Offset ob_start = 40;
  } bytearray;

  /// 2.7's int.
  struct IntObject {
    Offset ob_ival = kAbsent;
  } int_object;

  struct LongObject {
    /// Since 3.12; before, ob_size holds the sign and the number of digits.
    Offset lv_tag = kAbsent;
    Offset ob_digit = 24;
  } long_object;

  struct FloatObject {
    Offset ob_fval = 16;
  } float_object;

  struct ComplexObject {
    Offset cval = 16;
  } complex_object;

  struct List {
    Offset ob_item = 24;
    Offset allocated = 32;
  } list;

  struct Tuple {
    Offset ob_item = 24;
  } tuple;

  struct Dict {
    Offset ma_used = 16;
    Offset ma_keys = kAbsent;
    Offset ma_values = kAbsent;
    Offset ma_mask = kAbsent;
    Offset ma_table = kAbsent;
    Offset ma_smalltable = kAbsent;
  } dict;

  struct DictKeys {
    Offset dk_refcnt = kAbsent;
    /// 3.6 to 3.10: a full word.
    Offset dk_size = kAbsent;
    /// 3.6 to 3.10: the address of the lookup function tells the kind.
    Offset dk_lookup = kAbsent;
    Offset dk_log2_size = kAbsent;
    Offset dk_log2_index_bytes = kAbsent;
    /// 0 general, 1 str keys, 2 split.
    Offset dk_kind = kAbsent;
    Offset dk_usable = kAbsent;
    Offset dk_nentries = kAbsent;
    Offset dk_indices = kAbsent;
  } dict_keys;

  struct DictValues {
    Offset capacity = kAbsent;
    Offset size = kAbsent;
    Offset embedded = kAbsent;
    Offset valid = kAbsent;
    Offset values = kAbsent;
  } dict_values;

  struct Set {
    Offset fill = 16;
    Offset used = 24;
    Offset mask = 32;
    Offset table = 40;
    Offset smalltable = 64;
    /// In an entry; 2.7 has the hash first.
    Offset entry_key = 0;
    Offset entry_hash = 8;
  } set;

  struct Function {
    Offset func_code = kAbsent;
    Offset func_globals = kAbsent;
    Offset func_builtins = kAbsent;
    Offset func_defaults = kAbsent;
    Offset func_kwdefaults = kAbsent;
    Offset func_closure = kAbsent;
    Offset func_doc = kAbsent;
    Offset func_name = kAbsent;
    Offset func_qualname = kAbsent;
    Offset func_dict = kAbsent;
    Offset func_weakreflist = kAbsent;
    Offset func_module = kAbsent;
    Offset func_annotations = kAbsent;
    Offset func_annotate = kAbsent;
    Offset func_typeparams = kAbsent;
  } function;

  struct Method {
    Offset im_func = 16;
    Offset im_self = 24;
  } method;

  struct Builtin {
    Offset m_ml = 16;
    Offset m_self = 24;
    Offset m_module = 32;
    Offset mm_class = kAbsent;
  } builtin;

  struct Cell {
    Offset ob_ref = 16;
  } cell;

  struct Descr {
    Offset d_type = 16;
    Offset d_name = 24;
    Offset d_qualname = kAbsent;
  } descr;

  struct Weakref {
    Offset wr_object = 16;
    Offset wr_callback = 24;
  } weakref;

  struct Slice {
    Offset start = 16;
  } slice;

  struct Code {
    Offset co_name = kAbsent;
    Offset co_filename = kAbsent;
    Offset co_firstlineno = kAbsent;
    Offset co_nlocalsplus = kAbsent;
    Offset co_stacksize = kAbsent;
    Offset co_framesize = kAbsent;
    Offset co_localsplusnames = kAbsent;
  } code;

  struct Frame {
    Offset f_back = kAbsent;
    Offset f_frame = kAbsent;
    Offset f_trace = kAbsent;
    Offset f_code = kAbsent;
    Offset f_locals = kAbsent;
    Offset f_localsplus = kAbsent;
  } frame;

  struct InterpreterFrame {
    Offset executable = kAbsent;
    Offset f_locals = kAbsent;
    Offset frame_obj = kAbsent;
    /// A pointer since 3.14, an int before.
    Offset stacktop = kAbsent;
    Offset owner = kAbsent;
    Offset localsplus = kAbsent;
    Offset size = kAbsent;
  } interpreter_frame;

  InternalLayout internal;
};

/// The layout of a minor version, or the reason why there is none: a version
/// that this table or that of the InternalLayouts does not know, or a
/// free-threaded build that is not known. Nothing is guessed from a neighbour.
Result<Layout> FindLayout(const PythonVersion& version, bool free_threaded);

/// All versions that have a layout, oldest first. A search by trial goes
/// through them.
std::vector<PythonVersion> KnownVersions();

/// Bits of tp_flags (Include/object.h); the same in all versions that have
/// them.
namespace type_flags {
inline constexpr uint64_t kInlineValues = uint64_t{1} << 2;
inline constexpr uint64_t kManagedWeakref = uint64_t{1} << 3;
inline constexpr uint64_t kManagedDict = uint64_t{1} << 4;
inline constexpr uint64_t kHeapType = uint64_t{1} << 9;
inline constexpr uint64_t kReady = uint64_t{1} << 12;
inline constexpr uint64_t kHaveGc = uint64_t{1} << 14;
inline constexpr uint64_t kIntSubclass = uint64_t{1} << 23;  // 2.7
inline constexpr uint64_t kLongSubclass = uint64_t{1} << 24;
inline constexpr uint64_t kListSubclass = uint64_t{1} << 25;
inline constexpr uint64_t kTupleSubclass = uint64_t{1} << 26;
/// str in 2.7, bytes from 3.0 on.
inline constexpr uint64_t kBytesSubclass = uint64_t{1} << 27;
inline constexpr uint64_t kUnicodeSubclass = uint64_t{1} << 28;
inline constexpr uint64_t kDictSubclass = uint64_t{1} << 29;
inline constexpr uint64_t kBaseExcSubclass = uint64_t{1} << 30;
inline constexpr uint64_t kTypeSubclass = uint64_t{1} << 31;
}  // namespace type_flags

}  // namespace leak_exporter::cpython
