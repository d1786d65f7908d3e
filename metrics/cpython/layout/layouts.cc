#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "metrics/cpython/layout/layout.h"
#include "metrics/cpython/layout/layouts_before_311.h"

/// Verified by tests/metrics/cpython/layout/layouts_test.cc against what each
/// version's headers say. Each function states only what changed since the one
/// before.
namespace leak_exporter::cpython {
namespace {

constexpr Offset kFreeThreadedHeaderGrowth = 16;

Layout Layout311() {
  Layout l = Layout310();
  l.version = {3, 11, std::nullopt};
  l.dict_scheme = DictScheme::kLogKeys;
  l.managed_dict = ManagedDict::k311;
  l.runtime.interpreters_head = 40;
  l.interpreter.id = 48;
  l.interpreter.modules = 888;
  l.interpreter.sysdict = 904;
  l.interpreter.gc = 648;
  l.type.heap_size = 904;

  l.dict_keys.dk_size = kAbsent;
  l.dict_keys.dk_lookup = kAbsent;
  l.dict_keys.dk_log2_size = 8;
  l.dict_keys.dk_log2_index_bytes = 9;
  l.dict_keys.dk_kind = 10;
  l.dict_keys.dk_usable = 16;
  l.dict_keys.dk_nentries = 24;
  l.dict_keys.dk_indices = 32;

  l.code.co_name = 120;
  l.code.co_filename = 112;
  l.code.co_firstlineno = 72;
  l.code.co_nlocalsplus = 76;
  l.code.co_stacksize = 68;
  l.code.co_localsplusnames = 96;
  l.frame = {};
  l.frame.f_back = 16;
  l.frame.f_frame = 24;
  l.frame.f_trace = 32;
  l.interpreter_frame.f_locals = 24;
  l.interpreter_frame.executable = 32;
  l.interpreter_frame.frame_obj = 40;
  l.interpreter_frame.stacktop = 64;
  l.interpreter_frame.owner = 69;
  l.interpreter_frame.localsplus = 72;
  l.interpreter_frame.size = 80;
  return l;
}

Layout Layout312() {
  Layout l = Layout311();
  l.version = {3, 12, std::nullopt};
  l.managed_dict = ManagedDict::k312;
  l.immortal_objects = true;
  l.interpreter.id = 8;
  l.interpreter.modules = 944;
  l.interpreter.sysdict = 352;
  l.interpreter.gc = 112;
  l.interpreter.obmalloc = 3960;
  l.obmalloc.arenas = 512;
  l.obmalloc.max_arenas = 520;
  l.obmalloc.arenas_allocated = 1064;

  l.type.size = 416;
  l.type.ht_name = 856;
  l.type.ht_slots = 864;
  l.type.ht_qualname = 872;
  l.type.ht_cached_keys = 880;
  l.type.ht_module = 888;
  l.type.heap_size = 920;

  l.unicode.ascii_size = 40;
  l.unicode.compact_size = 56;
  l.unicode.utf8_length = 40;
  l.unicode.utf8 = 48;
  l.unicode.data = 56;
  l.long_object.lv_tag = 16;
  l.function.func_typeparams = 120;

  l.code.co_firstlineno = 68;
  l.code.co_nlocalsplus = 72;
  l.code.co_stacksize = 64;
  l.code.co_framesize = 76;
  l.interpreter_frame.executable = 0;
  l.interpreter_frame.f_locals = 40;
  l.interpreter_frame.frame_obj = 48;
  l.interpreter_frame.owner = 70;
  return l;
}

Layout Layout313() {
  Layout l = Layout312();
  l.version = {3, 13, std::nullopt};
  l.managed_dict = ManagedDict::k313;
  l.runtime.interpreters_head = 632;
  l.interpreter.next = 7264;
  l.interpreter.id = 7272;
  l.interpreter.modules = 7656;
  l.interpreter.sysdict = 7640;
  l.interpreter.gc = 7400;
  l.interpreter.obmalloc = 10800;
  l.interpreter.obmalloc_is_pointer = true;
  l.type.heap_size = 928;
  l.dict_values.capacity = 0;
  l.dict_values.size = 1;
  l.dict_values.embedded = 2;
  l.dict_values.valid = 3;
  l.dict_values.values = 8;
  return l;
}

Layout Layout314() {
  Layout l = Layout313();
  l.version = {3, 14, std::nullopt};
  l.object.refcnt_flags = uint64_t{0xFFFF} << 48;
  l.runtime.interpreters_head = 808;
  l.interpreter.next = 7272;
  l.interpreter.id = 7280;
  l.interpreter.modules = 7688;
  l.interpreter.sysdict = 7672;
  l.interpreter.gc = 7408;
  l.interpreter.obmalloc = 10904;
  l.gc.permanent_generation = 96;
  l.gc.generation_stats = 120;
  l.gc.collecting = 192;
  l.gc.garbage = 200;
  l.type.heap_size = 936;
  l.tuple.ob_item = 32;
  l.function.func_annotate = 120;
  l.function.func_typeparams = 128;
  l.interpreter_frame.owner = 74;
  l.interpreter_frame.localsplus = 80;
  l.interpreter_frame.size = 88;
  return l;
}

Layout Layout315() {
  Layout l = Layout314();
  l.version = {3, 15, std::nullopt};
  l.runtime.interpreters_head = 936;
  l.interpreter.next = 7264;
  l.interpreter.id = 7272;
  l.interpreter.modules = 7592;
  l.interpreter.sysdict = 7576;
  l.interpreter.gc = 7400;
  l.interpreter.obmalloc = 10880;
  l.gc.generations = 8;
  l.gc.permanent_generation = 80;
  l.gc.generation_stats = 104;
  l.gc.stats_are_rings = true;
  l.gc.collecting = 112;
  l.gc.garbage = 128;
  l.stats.size = 64;
  l.stats.collections = 16;
  l.stats.collected = 24;
  l.stats.uncollectable = 32;
  l.stats.young = 0;
  l.stats.young_records = 11;
  l.stats.young_index = 704;
  l.stats.old = 712;
  l.stats.old_size = 200;
  l.stats.old_records = 3;
  l.stats.old_index = 192;
  l.type.size = 424;
  l.type.ht_name = 864;
  l.type.ht_slots = 872;
  l.type.ht_qualname = 880;
  l.type.ht_cached_keys = 888;
  l.type.ht_module = 896;
  l.type.heap_size = 944;
  return l;
}

// PyObject has two words more, and what stands behind it moves with it.
void GrowObjects(Layout& l) {
  const auto grow = [](auto&... fields) {
    ((fields =
          fields == kAbsent ? kAbsent : fields + kFreeThreadedHeaderGrowth),
     ...);
  };
  l.object.ob_refcnt = 12;
  l.object.ob_type = 24;
  l.object.gc_bits = 11;
  grow(l.object.size, l.object.ob_size);
  auto& t = l.type;
  grow(t.tp_name, t.tp_basicsize, t.tp_itemsize, t.tp_dealloc, t.tp_repr,
       t.tp_flags, t.tp_traverse, t.tp_weaklistoffset, t.tp_members, t.tp_base,
       t.tp_dict, t.tp_dictoffset, t.tp_bases, t.tp_mro, t.tp_cache,
       t.tp_subclasses, t.size, t.ht_name, t.ht_slots, t.ht_qualname,
       t.ht_cached_keys, t.ht_module, t.heap_size);
  auto& u = l.unicode;
  grow(u.length, u.state, u.ascii_size, u.compact_size, u.utf8_length, u.utf8,
       u.data);
  grow(l.bytes.ob_sval, l.bytearray.ob_alloc, l.bytearray.ob_start);
  grow(l.long_object.lv_tag, l.long_object.ob_digit);
  grow(l.float_object.ob_fval, l.complex_object.cval);
  grow(l.list.ob_item, l.list.allocated, l.tuple.ob_item);
  grow(l.dict.ma_used, l.dict.ma_keys, l.dict.ma_values);
  grow(l.set.fill, l.set.used, l.set.mask, l.set.table, l.set.smalltable);
  auto& f = l.function;
  grow(f.func_code, f.func_globals, f.func_builtins, f.func_defaults,
       f.func_kwdefaults, f.func_closure, f.func_doc, f.func_name,
       f.func_qualname, f.func_dict, f.func_weakreflist, f.func_module,
       f.func_annotations, f.func_annotate, f.func_typeparams);
  grow(l.method.im_func, l.method.im_self, l.cell.ob_ref, l.slice.start);
  grow(l.builtin.m_ml, l.builtin.m_self, l.builtin.m_module,
       l.builtin.mm_class);
  grow(l.descr.d_type, l.descr.d_name, l.descr.d_qualname);
  grow(l.weakref.wr_object, l.weakref.wr_callback);
  auto& c = l.code;
  grow(c.co_name, c.co_filename, c.co_firstlineno, c.co_nlocalsplus,
       c.co_stacksize, c.co_framesize, c.co_localsplusnames);
  grow(l.frame.f_back, l.frame.f_frame, l.frame.f_trace);
}

// Absent where the build is not known.
std::optional<Layout> FreeThreaded(Layout l) {
  GrowObjects(l);
  l.free_threaded = true;
  l.gc_scheme = GcScheme::kBits;
  l.gc_head = {};
  l.gc_head.size = 0;
  l.gc.generations = kAbsent;
  switch (l.version.minor) {
    case 13:
      l.interpreter.modules = 7664;
      l.interpreter.sysdict = 7648;
      l.interpreter.obmalloc = 17432;
      break;
    case 14:
      l.compared = false;
      l.interpreter.modules = 7712;
      l.interpreter.sysdict = 7696;
      l.unicode.state_shift = 6;
      l.interpreter.obmalloc = 17656;
      l.type.heap_size = 960;
      l.interpreter_frame.owner = 78;
      break;
    case 15:
      l.compared = false;
      l.unicode.state_shift = 6;
      l.interpreter.obmalloc = 17280;
      l.type.heap_size = 968;
      l.interpreter_frame.owner = 78;
      l.stats.young_records = 1;
      l.stats.young_index = 64;
      l.stats.old = 72;
      l.stats.old_size = 72;
      l.stats.old_records = 1;
      l.stats.old_index = 64;
      break;
    default:
      return std::nullopt;
  }
  return l;
}

constexpr std::array kLayouts = {
    &Layout27,  &Layout36,  &Layout37,  &Layout38,  &Layout39,  &Layout310,
    &Layout311, &Layout312, &Layout313, &Layout314, &Layout315,
};

}  // namespace

Result<Layout> FindLayout(const PythonVersion& version, bool free_threaded) {
  const auto* make = std::find_if(
      kLayouts.begin(), kLayouts.end(),
      [&](const auto l) { return IsSameMinor(l().version, version); });
  if (make == kLayouts.end()) {
    return Failure(ENOTSUP, "the memory layout of CPython " +
                                ToString(version) + " is not known");
  }
  std::optional<Layout> layout = (*make)();
  if (free_threaded) layout = FreeThreaded(*std::move(layout));
  if (!layout) {
    return Failure(ENOTSUP, "CPython " + ToString(version) +
                                " cannot be free-threaded: not understood");
  }
  auto internal = FindInternalLayout(version);
  if (!internal) return tl::unexpected<Error>(internal.error());
  layout->version = version;
  layout->internal = *internal;
  return *std::move(layout);
}

std::vector<PythonVersion> KnownVersions() {
  std::vector<PythonVersion> versions;
  for (const auto make : kLayouts) versions.push_back(make().version);
  return versions;
}

}  // namespace leak_exporter::cpython
