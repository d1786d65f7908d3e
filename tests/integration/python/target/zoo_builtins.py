# -*- coding: utf-8 -*-
"""Built-in types, and values that are hard to show."""

from __future__ import print_function, unicode_literals

import itertools
import sys
import types
import weakref

try:
    unichr
except NameError:
    unichr = chr


def texts():
    yield from_codes([])
    for text in ["plain", "it's", 'say "hi"', 'it\'s "both"', "tab\tnew\nline\rback\\slash", "nul\0bell\x07del\x7f",
                 "caf\xe9", "soft\xadhyphen\xa0space", "\u0394\u03b5\u03bb", "\u2028\u200b\ufeff\ud7ff\ue000\uffff",
                 "x" * 300, "\xe9" * 300, "\u0394" * 300, "\n" * 60]:
        yield text + ""
    yield from_codes([0x1F600, 0x10FFFF, 0x1F1E6, 0xE0001])
    yield from_codes([0x0378, 0x0600, 0x1680, 0x3000, 0x2FE0, 0xFFF9, 0x0301])
    if sys.version_info[0] >= 3:
        yield from_codes([0xD800, 0xDFFF])


def from_codes(codes):
    return "".join([unichr(code) if code < 0x10000 or sys.maxunicode > 0xFFFF else "?" for code in codes])


def numbers():
    for value in [0, 1, -1, 255, 256, 257, 2 ** 30 - 1, 2 ** 30, -2 ** 30, 2 ** 60, 2 ** 63, -2 ** 64, 10 ** 18, 10 ** 19,
                  10 ** 40, -10 ** 90, 10 ** 99 - 1, 10 ** 300 + 7, 3 ** 500]:
        yield value
    for value in [0.0, -0.0, 1.0, 0.1, 1e16, 1e15, 123456789012345680.0, 1e22, 1e-4, 1e-5, 5e-324, 1.7976931348623157e308,
                  float("inf"), float("-inf"), float("nan"), 1 / 3.0, -2.5, 1e100]:
        yield value
    for value in [0j, 1j, -1j, 1 + 2j, complex(-0.0, -0.0), complex(0.0, -0.0), complex(1e20, float("nan")),
                  complex(float("inf"), -2.5)]:
        yield value
    for value in [True, False, None, Ellipsis, NotImplemented]:
        yield value


def byte_strings():
    for text in [b"", b"plain", b"it's", b'it\'s "both"', b'"', bytes(bytearray(range(256))), b"\t\n\r\\" * 40, b"z" * 500]:
        yield text
        yield bytearray(text)


def recursive():
    ring = [1]
    ring.append(ring)
    table = {"self": None}
    table["self"] = table
    pair = ([],)
    pair[0].append(pair)
    deep = []
    for _ in range(40):
        deep = [deep]
    return [ring, table, pair, deep]


def containers():
    integers = list(range(20))
    yield []
    yield [None] * 7
    yield integers
    yield list(range(1000))
    grown = []
    for i in range(1000):
        grown.append(i)
    del grown[300:]
    yield grown
    for size in [0, 1, 2, 3, 5, 100]:
        yield tuple("item%d" % i for i in range(size))
        yield tuple([i] for i in range(size))
        yield set(range(size))
        yield frozenset("f%d" % i for i in range(size))
        yield {"key%d" % i: i for i in range(size)}
        yield {i: str(i) for i in range(size)}
        yield {("a", i): [i] for i in range(size)}
    yield {"mixed": 1, 2: "two", None: None, 1.5: b"b", (1, 2): {3}}
    holes = {i: i for i in range(50)}
    for i in range(0, 50, 3):
        del holes[i]
    yield holes
    holes = {"s%d" % i: [i] for i in range(50)}
    for i in range(0, 50, 3):
        del holes["s%d" % i]
    yield holes
    turned = {"s%d" % i: i for i in range(10)}
    turned[1] = 1
    del turned[1]
    yield turned
    emptied = {i: i for i in range(100)}
    emptied.clear()
    yield emptied
    shrunk = set(range(3000))
    while len(shrunk) > 10:
        shrunk.pop()
    yield shrunk
    emptied = set(range(300))
    emptied.clear()
    yield emptied
    yield {i: [i] for i in range(70000)}
    yield {"n%d" % i: [i] for i in range(300)}
    yield set(range(0, 70000, 7))
    yield [("x", 1), ("y", [2.5, None]), {"z": {"deep": (1,)}}]
    yield [{}, [], (), set(), frozenset(), "", 0]
    yield from_pairs("a'b", [1, 2])


def from_pairs(*items):
    return dict(zip(items[::2], items[1::2]))


def iterators():
    source = list(range(10))
    table = {"a": 1, "b": 2}
    group = {1, 2, 3}
    for make in [lambda: iter(source), lambda: iter(tuple(source)), lambda: iter(table), lambda: iter(group),
                 lambda: reversed(source), lambda: iter("text"), lambda: iter(b"bytes"), lambda: iter(bytearray(b"b")),
                 lambda: iter(range(5)), lambda: enumerate(source), lambda: zip(source, source),
                 lambda: map(str, source), lambda: filter(None, source), lambda: iter(lambda: 1, 2),
                 lambda: reversed((1, 2)), lambda: reversed("ab"), lambda: enumerate(iter(source), 2 ** 70)]:
        made = make()
        yield made
        moved = make()
        if hasattr(moved, "__next__") or hasattr(moved, "next"):
            next(moved)
        yield moved
        spent = make()
        for _ in zip(range(30), spent):
            pass
        yield spent
    for name in ["keys", "values", "items", "viewkeys", "viewvalues", "viewitems"]:
        if hasattr(table, name):
            yield getattr(table, name)()
            yield iter(getattr(table, name)())


def itertools_objects():
    source = [1, 2, 3, 4]
    for make in [lambda: itertools.count(), lambda: itertools.count(2.5, 3), lambda: itertools.cycle(source),
                 lambda: itertools.repeat(source), lambda: itertools.repeat("x", 5),
                 lambda: itertools.chain(source, source), lambda: itertools.chain.from_iterable([source, source]),
                 lambda: itertools.compress(source, [1, 0, 1, 1]), lambda: itertools.dropwhile(lambda x: x < 2, source),
                 lambda: itertools.takewhile(lambda x: x < 3, source), lambda: itertools.groupby(source, lambda x: x // 2),
                 lambda: itertools.islice(source, 1, 3), lambda: itertools.starmap(pow, [(2, 3), (3, 2)]),
                 lambda: itertools.tee(source)[1], lambda: itertools.product(source, "ab"),
                 lambda: itertools.permutations(source, 2), lambda: itertools.combinations(source, 2),
                 lambda: itertools.combinations_with_replacement(source, 2)]:
        yield make()
        moved = make()
        next(moved)
        yield moved
    for name, arguments in [("accumulate", (source,)), ("zip_longest", (source, "ab")), ("izip", (source, source)),
                            ("imap", (str, source)), ("ifilter", (None, source)), ("izip_longest", (source, "ab")),
                            ("filterfalse", (None, source)), ("pairwise", (source,)), ("batched", (source, 2))]:
        if hasattr(itertools, name):
            yield getattr(itertools, name)(*arguments)
            moved = getattr(itertools, name)(*arguments)
            for _ in zip([0], moved):
                pass
            yield moved
    first, second = itertools.tee(iter(range(200)))
    for _ in zip(range(150), first):
        pass
    yield (first, second)


def make_generator(limit):
    held = ["local", limit]
    for item in held:
        try:
            yield item
        except ValueError as error:
            yield error
    yield limit


def generators():
    fresh = make_generator(1)
    started = make_generator(2)
    next(started)
    handling = make_generator(3)
    next(handling)
    handling.throw(ValueError("thrown"))
    done = make_generator(4)
    list(done)
    nested = (x + y for x in [1, 2] for y in make_generator(0))
    running = (i for i in range(10))
    next(running)
    return [fresh, started, handling, done, nested, running]


class Described(object):
    """Descriptors of each kind."""

    __slots__ = ("slot", "__weakref__")

    @property
    def value(self):
        return 1

    @value.setter
    def value(self, new):
        pass

    @classmethod
    def of_class(cls):
        pass

    @staticmethod
    def of_none():
        pass


def outer(first, second=2, *rest, **named):
    kept = [first]

    def inner(third, fourth=4):
        """Closes over two."""
        return kept, second, third, fourth

    inner.attribute = "set"
    return inner


def callables():
    yield outer
    yield outer(1)
    yield lambda x, y=[1]: (x, y)
    yield Described().__class__.of_class
    yield Described.of_none
    yield Described.__dict__["value"]
    yield Described.__dict__["of_class"]
    yield Described.__dict__["of_none"]
    yield Described.__dict__["slot"]
    yield len
    yield [].append
    yield {}.get
    yield "x".join
    yield dict.fromkeys
    yield str.join
    yield dict.__dict__["fromkeys"]
    yield (1).__add__
    yield int.__dict__["__add__"]
    yield type.__dict__["__mro__"]
    yield types.FunctionType.__dict__["__code__"]
    yield object.__init__
    yield outer(1).__closure__[0]
    yield types.MethodType(outer, [1])
    yield super(Described, Described())
    yield Described().__init__


def weak_references():
    class Target(object):
        pass

    target = Target()
    group = set([1])
    function = outer(1)
    yield target
    yield group
    yield function
    yield weakref.ref(target)
    yield weakref.ref(target, lambda ref: None)
    yield weakref.proxy(target)
    yield weakref.proxy(function)
    yield weakref.ref(group)
    yield weakref.ref(function)
    yield weakref.ref(Target)
    dead = Target()
    reference = weakref.ref(dead, id)
    del dead
    yield reference
    table = weakref.WeakValueDictionary()
    table["target"] = target
    yield table
    table = weakref.WeakKeyDictionary()
    table[target] = 1
    yield table
    yield weakref.WeakSet([target])
    if hasattr(weakref, "finalize"):
        yield weakref.finalize(target, list)
    if hasattr(weakref, "WeakMethod"):
        yield weakref.WeakMethod(outer_holder.method)


class OuterHolder(object):
    def method(self):
        pass


outer_holder = OuterHolder()


def failed(call, *arguments):
    """The exception, with its traceback and the frames in it."""
    try:
        call(*arguments)
    except Exception as error:
        return error, sys.exc_info()[2]
    raise AssertionError("did not fail")


def frames(depth):
    if depth:
        return frames(depth - 1)
    local = {"in": "frame"}
    return sys._getframe(), local


def exceptions():
    yield failed(int, "x")
    yield failed(open, "/does/not/exist")
    yield failed(b"\xff".decode, "utf-8")
    yield failed("\xe9".encode, "ascii")
    yield failed(compile, "1 +", "name", "eval")
    yield failed(__import__, "does_not_exist")
    yield failed(getattr, 1, "none")
    yield failed(lambda: undefined_name)  # noqa: F821
    yield failed({}.__getitem__, 1)
    yield failed(next, iter(()))
    error = ValueError("notes", 1)
    error.attribute = 1
    error.__cause__ = KeyError("cause")
    if hasattr(error, "add_note"):
        error.add_note("a note")
    yield error
    yield SystemExit(3)
    if sys.version_info >= (3, 11):
        yield eval("ExceptionGroup")("group", [ValueError(1)])


def others():
    yield slice(1, 2)
    yield slice([1], None, "x")
    yield range(5)
    yield range(1, 10, 3)
    yield range(-5)
    if sys.version_info[0] >= 3:
        yield range(10 ** 30)
    yield memoryview(b"view")
    yield memoryview(bytearray(b"view"))[1:3]
    yield sys
    yield types.ModuleType(str("made_up"))
    yield types.ModuleType(str("made_up"), "doc")
    yield outer.__code__
    yield compile("x = 1\ndef f(a, b): return [a for c in b]", "name", "exec")
    yield Described
    yield type(Described)
    yield object
    yield dict
    yield type(None)
    yield type(Ellipsis)
    yield object()
    yield Described.__dict__
    if hasattr(types, "MappingProxyType"):
        yield types.MappingProxyType({"a": 1})
        yield types.MappingProxyType({"b": [types]})
    if hasattr(types, "SimpleNamespace"):
        yield types.SimpleNamespace(a=1, b=[2])
        yield types.SimpleNamespace()
    yield sys.flags
    yield sys.version_info
    if hasattr(types, "GenericAlias"):
        yield list[int]
        yield dict[str, list[int]]
    if sys.version_info >= (3, 10):
        yield int | str


def build(samples):
    shown = [list(texts()), list(numbers()), list(byte_strings()), recursive(), list(containers()), list(callables()),
             list(others())]
    for group in shown:
        samples.extend(group)
    samples.extend(shown)
    return [shown, list(iterators()), list(itertools_objects()), generators(), list(weak_references()),
            list(exceptions()), [frames(0), frames(3)]]
