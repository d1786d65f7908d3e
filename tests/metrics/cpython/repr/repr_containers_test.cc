#include "tests/metrics/cpython/repr/printing.h"

namespace leak_exporter::cpython {
namespace {

const std::vector<PythonVersion> kVersions = {
    {2, 7, 18}, {3, 8, 18}, {3, 11, 2}, {3, 13, 5}, {3, 15, 2}};

TEST_CASE("repr of containers: as each version's own") {
  CHECK(CompareReprs({"tuple_empty", "tuple", "tuple_of_one", "tuple_child",
                      "named_tuple", "list_empty", "list", "list_grown",
                      "list_child", "list_in_itself"}) == 60);
  CHECK(CompareReprs({"set_empty", "set", "set_large", "set_removed_from",
                      "frozenset"}) == 30);
  CHECK(CompareReprs({"deque_0", "deque_1", "deque_64", "deque_65", "deque_200",
                      "deque_turned", "deque_child"}) == 42);
  CHECK(CompareReprs({"dict_empty", "dict_text_keys", "dict_int_keys",
                      "dict_large", "dict_removed_from", "dict_child",
                      "dict_in_itself", "instance_dict", "default_dict",
                      "default_dict_none", "mapping_proxy"}) == 66);
  // 2.7's is written in Python.
  CHECK(CompareReprs({"ordered_dict", "ordered_dict_empty"},
                     {"3.8.18", "3.11.2", "3.12.1", "3.13.5", "3.15.2"}) == 10);
}

TEST_CASE("repr of containers: lists, tuples and dicts of each other") {
  // repr([(1,), {"k": []}, ()])
  for (const PythonVersion& version : kVersions) {
    for (const DictForm form :
         {DictForm::kGeneral, DictForm::kText, DictForm::kSplit}) {
      INFO(ToString(version));
      ObjectBuilder builder(version);
      const RemoteAddr list = builder.AddList(
          {builder.AddTuple({builder.AddInt(1)}),
           builder.AddDict({{builder.AddName("k"), builder.AddList({})}}, form),
           builder.AddTuple({})});
      CHECK(Print(builder, list) == "[(1,), {'k': []}, ()]");
    }
  }
}

TEST_CASE("repr of containers: what is in itself is dots") {
  ObjectBuilder builder({3, 11, 2});
  const Layout& layout = builder.layout();
  const RemoteAddr list = builder.AddList({RemoteAddr{}});
  const RemoteAddr tuple = builder.AddTuple({list});
  const RemoteAddr dict = builder.AddDict({{builder.AddInt(1), tuple}});
  builder.Put(builder.Get<RemoteAddr>(list + layout.list.ob_item), dict);
  CHECK(Print(builder, list) == "[{1: ([...],)}]");
  CHECK(Print(builder, tuple) == "([{1: (...)}],)");
  CHECK(Print(builder, dict) == "{1: ([{...}],)}");
}

TEST_CASE("repr of containers: nested ones are cut at a hundred characters") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr inner =
      builder.AddList(std::vector<RemoteAddr>(30, builder.AddInt(1)));
  const RemoteAddr outer = builder.AddList({inner, inner});
  std::string ones = "1";
  for (int i = 1; i < 30; ++i) ones += ", 1";
  CHECK(Print(builder, outer) == ("[[" + ones + "], [" + ones).substr(0, 100));
}

TEST_CASE("repr of lists: lengths that there cannot be") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr text = builder.AddName("a");
  const RemoteAddr list = builder.AddList({text, text});
  const Offset ob_size = builder.layout().object.ob_size;
  // Longer than its items: what stands behind them is shown.
  builder.Put(list + ob_size, uint64_t{1} << 60);
  CHECK(Print(builder, list).substr(0, 20) == "['a', 'a', <NULL>, <");
  CHECK(Print(builder, list).size() == 100);
  builder.Put(list + ob_size, int64_t{-1});
  CHECK(Print(builder, list) == PlainRepr("list", list));
  builder.Put(list + ob_size, int64_t{2});
  builder.Put(list + builder.layout().list.ob_item, ObjectBuilder::kNowhere);
  CHECK(Print(builder, list) == "[<NULL>, <NULL>]");
  const RemoteAddr tuple = builder.AddTuple({text});
  builder.Put(tuple + ob_size, INT64_MIN);
  CHECK(Print(builder, tuple) == PlainRepr("tuple", tuple));
}

TEST_CASE("repr of dicts: torn ones show what could be read") {
  ObjectBuilder builder({3, 11, 2});
  const Layout& layout = builder.layout();
  const RemoteAddr one = builder.AddInt(1);
  const RemoteAddr dict = builder.AddDict({{one, one}, {one, one}});
  const auto keys = builder.Get<RemoteAddr>(dict + layout.dict.ma_keys);
  // Counts of items are not looked at.
  builder.Put<uint64_t>(dict + layout.dict.ma_used, 1000);
  CHECK(Print(builder, dict) == "{1: 1, 1: 1}");
  builder.Put<uint64_t>(keys + layout.dict_keys.dk_nentries, 9);
  CHECK(Print(builder, dict) == "{}");
  builder.Put(dict + layout.dict.ma_keys, ObjectBuilder::kNowhere);
  CHECK(Print(builder, dict) == "{}");
}

/// A set whose table is the one in it.
RemoteAddr AddSet(ObjectBuilder& builder, RemoteAddr type,
                  const std::vector<std::pair<RemoteAddr, int64_t>>& entries) {
  const auto& fields = builder.layout().set;
  const RemoteAddr set = builder.AddObject(type, 256);
  builder.Put<uint64_t>(set + fields.used, entries.size());
  builder.Put<uint64_t>(set + fields.mask, 7);
  builder.Put(set + fields.table, set + fields.smalltable);
  for (size_t i = 0; i < entries.size(); ++i) {
    builder.Put(set + fields.smalltable + 16 * i, entries[i].first);
    builder.Put(set + fields.smalltable + 16 * i + 8, entries[i].second);
  }
  return set;
}

TEST_CASE("repr of sets: deleted members have a hash that none has") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr one = builder.AddInt(1);
  const RemoteAddr two = builder.AddInt(2);
  CHECK(Print(builder,
              AddSet(builder, builder.Type("set"),
                     {{one, 1}, {one, -1}, {RemoteAddr{}, 0}, {two, 2}})) ==
        "{1, 2}");
}

TEST_CASE("repr of sets: a subclass has its name before") {
  // class S(set): pass; repr(S([1])) and repr(S()) in 3.11.2
  ObjectBuilder builder({3, 11, 2});
  ClassSpec spec;
  spec.name = "S";
  spec.base = builder.Type("set");
  const RemoteAddr type = builder.AddClass(spec);
  CHECK(Print(builder, AddSet(builder, type, {{builder.AddInt(1), 1}})) ==
        "S({1})");
  CHECK(Print(builder, AddSet(builder, type, {})) == "S()");
}

TEST_CASE("repr of sets: tables of any size, anywhere") {
  ObjectBuilder builder({3, 11, 2});
  const auto& fields = builder.layout().set;
  const RemoteAddr set =
      AddSet(builder, builder.Type("set"), {{builder.AddInt(1), 1}});
  builder.Put(set + fields.mask, UINT64_MAX);
  CHECK(Print(builder, set) == "{1}");
  builder.Put(set + fields.table, ObjectBuilder::kNowhere);
  CHECK(Print(builder, set) == "{}");
}

/// A deque of 3.11 with blocks that hold ints from 0 on.
struct BuiltDeque {
  explicit BuiltDeque(ObjectBuilder& builder, uint64_t length,
                      uint64_t left_index)
      : object(builder.AddObject(builder.AddType({"collections.deque",
                                                  type_flags::kHaveGc,
                                                  216,
                                                  0,
                                                  builder.Type("object"),
                                                  {}}),
                                 216)) {
    const auto& layout = builder.layout().internal.deque;
    first = builder.Allocate(layout.block_bytes);
    builder.Put(object + layout.leftindex - 16, first);
    builder.Put(object + layout.len, length);
    builder.Put(object + layout.leftindex, left_index);
    builder.Put<int64_t>(object + layout.maxlen, -1);
    RemoteAddr block = first;
    uint64_t index = left_index;
    for (uint64_t i = 0; i < length; ++i) {
      if (index == layout.block_items) {
        const RemoteAddr next = builder.Allocate(layout.block_bytes);
        builder.Put(block + layout.block_right_link, next);
        block = next;
        index = 0;
      }
      builder.Put(block + layout.block_data + 8 * index,
                  builder.AddInt(static_cast<int32_t>(i)));
      ++index;
    }
  }
  RemoteAddr object{};
  RemoteAddr first{};
};

TEST_CASE("repr of deques: over the end of a block, with the bound it has") {
  ObjectBuilder builder({3, 11, 2});
  const auto& layout = builder.layout().internal.deque;
  const BuiltDeque deque(builder, 4, 62);
  CHECK(Print(builder, deque.object) == "deque([0, 1, 2, 3])");
  // repr(deque(range(4), 5)) in 3.11.2
  builder.Put<int64_t>(deque.object + layout.maxlen, 5);
  CHECK(Print(builder, deque.object) == "deque([0, 1, 2, 3], maxlen=5)");
  builder.Put(deque.first + layout.block_right_link, ObjectBuilder::kNowhere);
  CHECK(Print(builder, deque.object) ==
        "deque([0, 1, <NULL>, <NULL>], maxlen=5)");
}

TEST_CASE("repr of deques: an index that no block has") {
  ObjectBuilder builder({3, 11, 2});
  const auto& layout = builder.layout().internal.deque;
  const BuiltDeque deque(builder, 2, 0);
  builder.Put(deque.object + layout.leftindex, UINT64_MAX);
  CHECK(Print(builder, deque.object) == "deque([<NULL>, <NULL>])");
}

RemoteAddr AddOrderedDict(ObjectBuilder& builder, uint64_t used,
                          const ObjectBuilder::Items& items) {
  const auto& layout = builder.layout().internal.ordered_dict;
  const RemoteAddr dict = builder.AddObject(
      builder.AddType({"collections.OrderedDict",
                       type_flags::kHaveGc | type_flags::kDictSubclass,
                       112,
                       0,
                       builder.Type("dict"),
                       {}}),
      112);
  builder.FillDict(dict, items, DictForm::kGeneral);
  builder.Put(dict + builder.layout().dict.ma_used, used);
  RemoteAddr next{};
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    const RemoteAddr node = builder.Allocate(layout.node_bytes);
    builder.Put(node, item->first);
    builder.Put(node + layout.node_next, next);
    next = node;
  }
  builder.Put(dict + layout.od_first, next);
  return dict;
}

TEST_CASE("repr of OrderedDict: as pairs up to 3.11, as a dict from 3.12 on") {
  for (const auto& [version, shown] :
       std::vector<std::pair<PythonVersion, std::string>>{
           {{3, 11, 2}, "OrderedDict([(1, 2), (2, 1)])"},
           {{3, 12, 1}, "OrderedDict({1: 2, 2: 1})"}}) {
    ObjectBuilder builder(version);
    const RemoteAddr one = builder.AddInt(1);
    const RemoteAddr two = builder.AddInt(2);
    CHECK(Print(builder,
                AddOrderedDict(builder, 2, {{one, two}, {two, one}})) == shown);
    CHECK(Print(builder, AddOrderedDict(builder, 0, {})) == "OrderedDict()");
  }
}

TEST_CASE("repr of OrderedDict: a list of keys that is a ring ends") {
  ObjectBuilder builder({3, 11, 2});
  const auto& layout = builder.layout().internal.ordered_dict;
  const RemoteAddr one = builder.AddInt(1);
  const RemoteAddr dict = AddOrderedDict(builder, 1, {{one, one}});
  const auto node = builder.Get<RemoteAddr>(dict + layout.od_first);
  builder.Put(node + layout.node_next, node);
  CHECK(Print(builder, dict).size() == 100);
  CHECK(Print(builder, dict, 10000).size() ==
        std::string("OrderedDict([])").size() + 100 * 8 - 2);
  // A key that the dict does not have.
  builder.Put(node, builder.AddInt(9));
  CHECK(Print(builder, dict) == "OrderedDict([])");
}

/// class Point(tuple) with _fields, as collections.namedtuple makes it.
RemoteAddr AddNamedTuple(ObjectBuilder& builder, RemoteAddr fields) {
  ClassSpec spec;
  spec.name = "Point";
  spec.base = builder.Type("tuple");
  spec.has_repr = true;
  const RemoteAddr type = builder.AddClass(spec);
  builder.Put(type + builder.layout().type.tp_dict,
              builder.AddDict({{builder.AddName("_fields"), fields}}));
  return type;
}

RemoteAddr AddInstance(ObjectBuilder& builder, RemoteAddr type) {
  const RemoteAddr object = builder.AddObject(type);
  builder.Put<uint64_t>(object + builder.layout().object.ob_size, 2);
  builder.Put(object + builder.layout().tuple.ob_item, builder.AddInt(1));
  builder.Put(object + builder.layout().tuple.ob_item + 8, builder.AddInt(2));
  return object;
}

TEST_CASE("repr of named tuples: by the names of the class, or of its base") {
  for (const PythonVersion& version : kVersions) {
    INFO(ToString(version));
    ObjectBuilder builder(version);
    const RemoteAddr type = AddNamedTuple(
        builder,
        builder.AddTuple({builder.AddName("x"), builder.AddName("y")}));
    CHECK(Print(builder, AddInstance(builder, type)) == "Point(x=1, y=2)");
    ClassSpec spec;
    spec.name = "Child";
    spec.base = type;
    // 2.7 shows the class that has the names.
    CHECK(Print(builder, AddInstance(builder, builder.AddClass(spec))) ==
          (version.major < 3 ? "Point(x=1, y=2)" : "Child(x=1, y=2)"));
  }
}

TEST_CASE("repr of named tuples: names that do not fit are not believed") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr name = builder.AddName("x");
  for (const RemoteAddr fields :
       {builder.AddTuple({name}), builder.AddTuple({name, name, name}),
        builder.AddList({name, name}), ObjectBuilder::kNowhere}) {
    const RemoteAddr object =
        AddInstance(builder, AddNamedTuple(builder, fields));
    CHECK(Print(builder, object) == PlainRepr("Point", object));
  }
}

}  // namespace
}  // namespace leak_exporter::cpython
