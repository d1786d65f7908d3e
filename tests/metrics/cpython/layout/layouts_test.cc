#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "metrics/cpython/layout/layout.h"
#include "tests/catch.h"

namespace leak_exporter::cpython {
namespace {

using Offsets = std::map<std::string, Offset>;

Offsets ReadOffsets(const std::string& version) {
  std::ifstream file(LEAK_TEST_FIXTURES "/cpython/offsets/" + version + ".txt");
  Offsets offsets;
  std::string name;
  std::string value;
  while (file >> name >> value) {
    if (name != "version" && name != "free_threaded") {
      offsets[name] = static_cast<Offset>(std::stoul(value));
    }
  }
  return offsets;
}

/// The table's fields under the names that print_offsets.c gives them.
Offsets FieldsOf(const Layout& l) {
  Offsets fields = {
#define FIELD(group, name) {#group "." #name, l.group.name}
      FIELD(runtime, interpreters_head),
      FIELD(runtime, gc),
      FIELD(interpreter, next),
      FIELD(interpreter, id),
      FIELD(interpreter, modules),
      FIELD(interpreter, sysdict),
      FIELD(interpreter, gc),
      FIELD(interpreter, obmalloc),
      FIELD(gc_head, size),
      {"gc_head.refs", l.gc_head.gc_refs},
      FIELD(gc, generations),
      FIELD(gc, permanent_generation),
      FIELD(gc, generation_stats),
      FIELD(gc, collecting),
      FIELD(gc, garbage),
      FIELD(generation, size),
      FIELD(generation, threshold),
      FIELD(generation, count),
      FIELD(stats, size),
      FIELD(stats, collections),
      FIELD(stats, collected),
      FIELD(stats, uncollectable),
      FIELD(stats, young),
      FIELD(stats, young_index),
      FIELD(stats, old),
      FIELD(stats, old_size),
      FIELD(stats, old_index),
      FIELD(obmalloc, arenas),
      FIELD(obmalloc, max_arenas),
      FIELD(obmalloc, arenas_allocated),
      FIELD(arena, size),
      FIELD(arena, address),
      FIELD(arena, pool_address),
      FIELD(arena, free_pools),
      FIELD(arena, total_pools),
      FIELD(arena, bytes),
      FIELD(pool, count),
      FIELD(pool, max_next_offset),
      FIELD(pool, header_size),
      FIELD(pool, size),
      FIELD(object, ob_refcnt),
      FIELD(object, ob_type),
      FIELD(object, gc_bits),
      FIELD(object, size),
      FIELD(object, ob_size),
      FIELD(type, tp_name),
      FIELD(type, tp_basicsize),
      FIELD(type, tp_itemsize),
      FIELD(type, tp_dealloc),
      FIELD(type, tp_repr),
      FIELD(type, tp_flags),
      FIELD(type, tp_traverse),
      FIELD(type, tp_weaklistoffset),
      FIELD(type, tp_members),
      FIELD(type, tp_base),
      FIELD(type, tp_dict),
      FIELD(type, tp_dictoffset),
      FIELD(type, tp_bases),
      FIELD(type, tp_mro),
      FIELD(type, tp_cache),
      FIELD(type, tp_subclasses),
      FIELD(type, size),
      FIELD(type, ht_name),
      FIELD(type, ht_slots),
      FIELD(type, ht_qualname),
      FIELD(type, ht_cached_keys),
      FIELD(type, ht_module),
      FIELD(type, heap_size),
      FIELD(unicode, length),
      FIELD(unicode, state),
      FIELD(unicode, ascii_size),
      FIELD(unicode, compact_size),
      FIELD(unicode, utf8_length),
      FIELD(unicode, utf8),
      FIELD(unicode, data),
      FIELD(bytes, ob_sval),
      FIELD(bytearray, ob_alloc),
      FIELD(bytearray, ob_start),
      FIELD(int_object, ob_ival),
      FIELD(long_object, lv_tag),
      FIELD(long_object, ob_digit),
      FIELD(float_object, ob_fval),
      FIELD(complex_object, cval),
      FIELD(list, ob_item),
      FIELD(list, allocated),
      FIELD(tuple, ob_item),
      FIELD(dict, ma_used),
      FIELD(dict, ma_keys),
      FIELD(dict, ma_values),
      FIELD(dict, ma_mask),
      FIELD(dict, ma_table),
      FIELD(dict, ma_smalltable),
      FIELD(dict_keys, dk_refcnt),
      FIELD(dict_keys, dk_log2_size),
      FIELD(dict_keys, dk_log2_index_bytes),
      FIELD(dict_keys, dk_kind),
      FIELD(dict_keys, dk_usable),
      FIELD(dict_keys, dk_nentries),
      FIELD(dict_keys, dk_indices),
      FIELD(dict_values, capacity),
      FIELD(dict_values, size),
      FIELD(dict_values, embedded),
      FIELD(dict_values, valid),
      FIELD(dict_values, values),
      FIELD(set, fill),
      FIELD(set, used),
      FIELD(set, mask),
      FIELD(set, table),
      FIELD(set, smalltable),
      FIELD(function, func_code),
      FIELD(function, func_globals),
      FIELD(function, func_builtins),
      FIELD(function, func_defaults),
      FIELD(function, func_kwdefaults),
      FIELD(function, func_closure),
      FIELD(function, func_doc),
      FIELD(function, func_name),
      FIELD(function, func_qualname),
      FIELD(function, func_dict),
      FIELD(function, func_weakreflist),
      FIELD(function, func_module),
      FIELD(function, func_annotations),
      FIELD(function, func_annotate),
      FIELD(function, func_typeparams),
      FIELD(method, im_func),
      FIELD(method, im_self),
      FIELD(builtin, m_ml),
      FIELD(builtin, m_self),
      FIELD(builtin, m_module),
      FIELD(builtin, mm_class),
      FIELD(cell, ob_ref),
      FIELD(descr, d_type),
      FIELD(descr, d_name),
      FIELD(descr, d_qualname),
      FIELD(weakref, wr_object),
      FIELD(weakref, wr_callback),
      FIELD(slice, start),
      FIELD(code, co_name),
      FIELD(code, co_filename),
      FIELD(code, co_firstlineno),
      FIELD(code, co_nlocalsplus),
      FIELD(code, co_stacksize),
      FIELD(code, co_framesize),
      FIELD(code, co_localsplusnames),
      FIELD(frame, f_back),
      FIELD(frame, f_frame),
      FIELD(frame, f_trace),
      FIELD(frame, f_code),
      FIELD(frame, f_locals),
      FIELD(frame, f_localsplus),
      FIELD(interpreter_frame, executable),
      FIELD(interpreter_frame, f_locals),
      FIELD(interpreter_frame, frame_obj),
      FIELD(interpreter_frame, stacktop),
      FIELD(interpreter_frame, owner),
      FIELD(interpreter_frame, localsplus),
      FIELD(interpreter_frame, size),
#undef FIELD
  };
  return fields;
}

// Where a table deliberately says something else than the headers: Debian's
// list heads are found by looking.
bool IsProbed(const std::string& field) { return field == "gc.generations"; }

struct Recorded {
  std::string file;
  PythonVersion version;
  bool free_threaded = false;
};

/// What each file of the directory says that it is about.
std::vector<Recorded> AllRecorded() {
  std::vector<Recorded> all;
  for (const auto& entry : std::filesystem::directory_iterator(
           LEAK_TEST_FIXTURES "/cpython/offsets")) {
    if (entry.path().extension() != ".txt") continue;
    Recorded recorded;
    recorded.file = entry.path().stem();
    std::ifstream file(entry.path());
    std::string name;
    std::string value;
    while (file >> name >> value) {
      if (name == "free_threaded") recorded.free_threaded = value == "1";
      if (name != "version") continue;
      const auto version = VersionFromName("python" + value);
      REQUIRE(version);
      recorded.version = *version;
    }
    all.push_back(recorded);
  }
  return all;
}

TEST_CASE("layouts: every version with a layout has recorded offsets") {
  const std::vector<Recorded> all = AllRecorded();
  for (const PythonVersion& version : KnownVersions()) {
    for (const bool free_threaded : {false, true}) {
      if (!FindLayout(version, free_threaded)) continue;
      INFO(ToString(version) << (free_threaded ? "t" : ""));
      CHECK(std::ranges::any_of(all, [&](const Recorded& recorded) {
        return recorded.version == version &&
               recorded.free_threaded == free_threaded;
      }));
    }
  }
}

TEST_CASE("layouts: every offset is the one that the headers define") {
  for (const Recorded& recorded : AllRecorded()) {
    INFO(recorded.file);
    const auto layout = FindLayout(recorded.version, recorded.free_threaded);
    REQUIRE(layout.has_value());
    const Offsets ours = FieldsOf(*layout);
    const Offsets headers = ReadOffsets(recorded.file);
    REQUIRE(headers.size() > 60);
    for (const auto& [name, offset] : headers) {
      INFO(name);
      // Two words that say the same as fields of their own.
      if (name == "interpreter.obmalloc_size") {
        CHECK((offset == 8) == layout->interpreter.obmalloc_is_pointer);
      } else if (name == "gc.generation_stats_size") {
        CHECK((offset == 8) == layout->gc.stats_are_rings);
      } else if (!IsProbed(name)) {
        const auto field = ours.find(name);
        REQUIRE(field != ours.end());
        CHECK(field->second == offset);
      }
    }
  }
}

TEST_CASE("layouts: a field that the headers do not have is absent") {
  // Not in the installed headers, or constants of the version's sources.
  const std::map<std::string, int> unseen = {{"gc.generations", 0},
                                             {"generation.size", 0},
                                             {"generation.threshold", 0},
                                             {"generation.count", 0}};
  for (const Recorded& recorded : AllRecorded()) {
    INFO(recorded.file);
    const auto layout = FindLayout(recorded.version, recorded.free_threaded);
    REQUIRE(layout.has_value());
    const Offsets headers = ReadOffsets(recorded.file);
    for (const auto& [name, offset] : FieldsOf(*layout)) {
      const bool private_struct =
          name.rfind("dict_keys.", 0) == 0 ||
          name.rfind("dict_values.", 0) == 0 || name.rfind("arena.", 0) == 0 ||
          name.rfind("pool.", 0) == 0 ||
          (name.rfind("stats.", 0) == 0 && recorded.version.minor == 6);
      if (private_struct || unseen.count(name) != 0) continue;
      if (name == "gc_head.size" && recorded.free_threaded) continue;
      INFO(name);
      if (headers.count(name) == 0) CHECK(offset == kAbsent);
    }
  }
}

}  // namespace
}  // namespace leak_exporter::cpython
