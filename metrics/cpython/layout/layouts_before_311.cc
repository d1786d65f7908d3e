#include "metrics/cpython/layout/layouts_before_311.h"

/// Each function states only what changed since the one before.
namespace leak_exporter::cpython {
namespace {

void SetFunctions27(Layout& l) {
  l.function.func_code = 16;
  l.function.func_globals = 24;
  l.function.func_defaults = 32;
  l.function.func_closure = 40;
  l.function.func_doc = 48;
  l.function.func_name = 56;
  l.function.func_dict = 64;
  l.function.func_weakreflist = 72;
  l.function.func_module = 80;
}

void SetText36(Layout& l) {
  l.unicode.state = 32;
  l.unicode.ascii_size = 48;
  l.unicode.compact_size = 72;
  l.unicode.utf8_length = 48;
  l.unicode.utf8 = 56;
  l.unicode.data = 72;
  l.bytes = {};
  l.bytearray = {};
  l.int_object = {};
}

void SetContainers36(Layout& l) {
  l.dict = {};
  l.dict.ma_keys = 32;
  l.dict.ma_values = 40;
  // Objects/dict-common.h, which is not installed.
  l.dict_keys.dk_refcnt = 0;
  l.dict_keys.dk_size = 8;
  l.dict_keys.dk_lookup = 16;
  l.dict_keys.dk_usable = 24;
  l.dict_keys.dk_nentries = 32;
  l.dict_keys.dk_indices = 40;
  l.dict_values.values = 0;
  l.set = {};
}

void SetFunctions36(Layout& l) {
  l.function.func_kwdefaults = 40;
  l.function.func_closure = 48;
  l.function.func_doc = 56;
  l.function.func_name = 64;
  l.function.func_dict = 72;
  l.function.func_weakreflist = 80;
  l.function.func_module = 88;
  l.function.func_annotations = 96;
  l.function.func_qualname = 104;
  l.descr.d_qualname = 32;
}

}  // namespace

Layout Layout27() {
  Layout l;
  l.version = {2, 7, std::nullopt};
  l.python2 = true;
  l.builtins_module = "__builtin__";
  l.gc_scheme = GcScheme::kRefs;
  l.dict_scheme = DictScheme::kOpenTable;

  l.interpreter.next = 0;
  l.interpreter.modules = 16;
  l.interpreter.sysdict = 24;

  l.alignment = 8;
  l.untracked_alignment = 8;
  l.gc_head.size = 32;
  l.gc_head.gc_refs = 16;
  // _PyGC_generation0 leads to an array of these.
  l.gc.generations = 0;
  l.generation.size = 40;
  l.generation.threshold = 32;
  l.generation.count = 36;

  l.pool.size = 4096;
  l.arena.bytes = 256 << 10;

  l.type.size = 392;
  l.type.ht_name = 856;
  l.type.ht_slots = 864;
  l.type.heap_size = 872;

  l.unicode.data = 24;
  l.bytes.ob_sval = 36;
  l.bytearray.ob_alloc = 32;
  l.bytearray.ob_start = kAbsent;
  l.int_object.ob_ival = 16;

  l.dict.ma_used = 24;
  l.dict.ma_mask = 32;
  l.dict.ma_table = 40;
  l.dict.ma_smalltable = 56;
  l.set.smalltable = 56;
  l.set.entry_key = 8;
  l.set.entry_hash = 0;

  SetFunctions27(l);
  l.code.co_name = 88;
  l.code.co_filename = 80;
  l.code.co_firstlineno = 96;
  l.frame.f_back = 24;
  l.frame.f_code = 32;
  l.frame.f_locals = 56;
  l.frame.f_localsplus = 376;
  return l;
}

Layout Layout36() {
  Layout l = Layout27();
  l.version = {3, 6, std::nullopt};
  l.python2 = false;
  l.builtins_module = "builtins";
  l.untracked_alignment = 16;
  l.dict_scheme = DictScheme::kKeys;
  l.gc_head.gc_refs_shift = 1;
  l.stats.size = 24;
  l.stats.collections = 0;
  l.stats.collected = 8;
  l.stats.uncollectable = 16;
  l.interpreter.sysdict = 32;
  // PyGC_Head is aligned to 16 bytes now.
  l.generation.size = 48;

  l.type.size = 400;
  l.type.ht_name = 832;
  l.type.ht_slots = 840;
  l.type.ht_qualname = 848;
  l.type.ht_cached_keys = 856;
  l.type.heap_size = 864;

  l.code.co_name = 104;
  l.code.co_filename = 96;
  l.code.co_firstlineno = 36;
  SetText36(l);
  SetContainers36(l);
  SetFunctions36(l);
  return l;
}

Layout Layout37() {
  Layout l = Layout36();
  l.version = {3, 7, std::nullopt};
  l.runtime.interpreters_head = 24;
  l.runtime.gc = 320;
  l.interpreter.id = 16;
  l.interpreter.modules = 40;
  l.interpreter.sysdict = 56;

  l.gc.generations = 32;
  l.gc.permanent_generation = 192;
  l.gc.generation_stats = 240;
  l.gc.collecting = 312;
  l.gc.garbage = 320;
  l.frame.f_localsplus = 360;
  return l;
}

Layout Layout38() {
  Layout l = Layout37();
  l.version = {3, 8, std::nullopt};
  l.gc_scheme = GcScheme::kTagged;
  l.alignment = 16;
  l.runtime.interpreters_head = 32;
  l.runtime.gc = 344;
  l.interpreter.modules = 56;
  l.interpreter.sysdict = 72;

  l.gc_head.size = 16;
  l.gc_head.gc_refs = kAbsent;
  l.gc.generations = 24;
  l.gc.permanent_generation = 104;
  l.gc.generation_stats = 128;
  l.gc.collecting = 200;
  l.gc.garbage = 208;
  l.generation.size = 24;
  l.generation.threshold = 16;
  l.generation.count = 20;

  l.type.size = 416;
  l.type.ht_name = 848;
  l.type.ht_slots = 856;
  l.type.ht_qualname = 864;
  l.type.ht_cached_keys = 872;
  l.type.heap_size = 880;

  l.code.co_name = 112;
  l.code.co_filename = 104;
  l.code.co_firstlineno = 40;
  return l;
}

Layout Layout39() {
  Layout l = Layout38();
  l.version = {3, 9, std::nullopt};
  l.runtime.gc = kAbsent;
  l.interpreter.id = 24;
  l.interpreter.modules = 856;
  l.interpreter.sysdict = 872;
  l.interpreter.gc = 616;

  l.type.size = 408;
  l.type.ht_name = 840;
  l.type.ht_slots = 848;
  l.type.ht_qualname = 856;
  l.type.ht_cached_keys = 864;
  l.type.ht_module = 872;
  l.builtin.mm_class = 56;
  return l;
}

Layout Layout310() {
  Layout l = Layout39();
  l.version = {3, 10, std::nullopt};
  l.pool.size = 16384;
  l.arena.bytes = 1 << 20;

  l.type.ht_name = 848;
  l.type.ht_slots = 856;
  l.type.ht_qualname = 864;
  l.type.ht_cached_keys = 872;
  l.type.ht_module = 880;
  l.type.heap_size = 888;

  l.function.func_globals = 16;
  l.function.func_builtins = 24;
  l.function.func_name = 32;
  l.function.func_qualname = 40;
  l.function.func_code = 48;
  l.function.func_defaults = 56;
  l.function.func_kwdefaults = 64;
  l.function.func_closure = 72;
  l.function.func_doc = 80;
  l.function.func_dict = 88;
  l.function.func_weakreflist = 96;
  l.function.func_module = 104;
  l.function.func_annotations = 112;
  l.frame.f_localsplus = 352;
  return l;
}

}  // namespace leak_exporter::cpython
