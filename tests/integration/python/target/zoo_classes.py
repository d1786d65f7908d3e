"""Classes written in Python, in every shape that changes an instance's layout."""

import collections
import sys


class Plain(object):
    pass


class Empty(object):
    __slots__ = ()


class Slotted(object):
    __slots__ = ("first", "second")


class SlottedWeak(Slotted):
    __slots__ = ("third", "__weakref__")


class SlottedDict(Slotted):
    __slots__ = ("__dict__",)


class FromSlotted(Slotted):
    pass


class FromEmpty(Empty):
    pass


class Old:
    """An old-style class on 2.7."""

    def __init__(self):
        self.attribute = [1]


class Meta(type):
    def __new__(mcs, name, bases, namespace):
        namespace["made_by"] = mcs
        return type.__new__(mcs, name, bases, namespace)


class MetaWithDict(Meta):
    registry = {}


Made = Meta("Made", (object,), {"x": 1})
MadeToo = MetaWithDict("MadeToo", (Made,), {"__doc__": "doc"})


class Outer(object):
    class Inner(object):
        class Innermost(object):
            __slots__ = ("value",)

    def local(self):
        class Local(object):
            pass
        return Local


class WithRepr(object):
    def __repr__(self):
        return "<custom>"


class Left(object):
    def __init__(self):
        self.left = 1


class Right(object):
    def __init__(self):
        self.right = [2]


class Both(Left, Right):
    def __init__(self):
        Left.__init__(self)
        Right.__init__(self)


class CallableClass(object):
    def __call__(self):
        return self


class Finalized(object):
    def __del__(self):
        pass


def subclass(base, slots=None):
    namespace = {"__module__": __name__}
    if slots is not None:
        namespace["__slots__"] = slots
    return type(str(base.__name__.capitalize() + ("Slotted" if slots is not None else "Sub")), (base,), namespace)


def subclasses_of_built_ins():
    arguments = {int: (2 ** 70,), float: (1.5,), complex: (1j,), str: ("text",), bytes: (b"text",),
                 tuple: (([1], 2, 3),), list: ([1, 2, 3],), dict: ({"a": 1, 2: []},), set: ([1, 2],),
                 frozenset: ([3],), bytearray: (b"x" * 100,), type: None, Exception: ("message",), OSError: (2, "no"),
                 collections.deque: ([1, 2],), collections.OrderedDict: ([("k", 1)],),
                 collections.defaultdict: (list, {"k": [1]}), property: (len,), classmethod: (len,),
                 staticmethod: (len,), KeyError: ("k",)}
    made = []
    for base, given in arguments.items():
        if given is None:
            continue
        for cls in [subclass(base)] + ([subclass(base, ())] if base is not type else []):
            try:
                instance = cls(*given)
            except (TypeError, AttributeError, OverflowError):
                continue
            made.append(instance)
            if hasattr(instance, "__dict__"):
                dressed = cls(*given)
                dressed.extra = [1]
                made.append(dressed)
    for cls in [subclass(list, ("slot",)), subclass(dict, ("slot",)), subclass(collections.deque, ("slot",))]:
        instance = cls()
        instance.slot = "value"
        made.append(instance)
    made.append(subclass(int)(0))
    made.append(subclass(int)(-5))
    return made


def instances():
    made = [Plain() for _ in range(10)]
    for number, instance in enumerate(made):
        instance.number = number
        instance.items = [number]
    kept_dict = Plain()
    kept_dict.a = 1
    made.append((kept_dict, kept_dict.__dict__))
    crowded = Plain()
    for i in range(60):
        setattr(crowded, "attribute%d" % i, i)
    made.append(crowded)
    deleted = Plain()
    deleted.number = 1
    deleted.items = [2]
    del deleted.number
    made.append(deleted)
    replaced = Plain()
    replaced.__dict__ = {"own": 1, 2: 3}
    made.append(replaced)
    copied = Plain()
    copied.number = 1
    made.append((copied, dict(copied.__dict__)))
    made.append([Plain(), Empty(), Slotted(), SlottedWeak(), SlottedDict(), FromSlotted(), FromEmpty(), Old(), Made(),
                 MadeToo(), Outer(), Outer.Inner(), Outer.Inner.Innermost(), Outer().local()(), WithRepr(), Both(),
                 CallableClass(), Finalized()])
    for cls in [Slotted, SlottedWeak, SlottedDict, FromSlotted]:
        instance = cls()
        instance.first = [1]
        instance.second = None
        if cls is SlottedWeak:
            instance.third = "3"
        if hasattr(instance, "__dict__"):
            instance.more = {}
        made.append(instance)
    holder = Outer.Inner.Innermost()
    holder.value = holder
    made.append(holder)
    return made


def named_tuples():
    Point = collections.namedtuple("Point", "x y")
    Empty_ = collections.namedtuple("Nothing", "")
    renamed = collections.namedtuple("Renamed", ["class", "ok"], rename=True)

    class Sub(Point):
        __slots__ = ()

    class SubDict(Point):
        pass

    return [Point(1, "two"), Point([], Point(2, 3)), Empty_(), renamed(1, 2), Sub(1, 2), SubDict(3, 4)]


def dictionaries_of_classes():
    """Attribute dictionaries whose shared keys have been through something."""
    made = []
    for count in [1, 5, 29, 30, 31, 40]:
        cls = type(str("Shape%d" % count), (object,), {"__module__": __name__})
        for _ in range(3):
            instance = cls()
            for i in range(count):
                setattr(instance, "a%d" % i, i)
            made.append(instance)
        odd = cls()
        for i in reversed(range(count)):
            setattr(odd, "a%d" % i, [i])
        made.append(odd)
        made.append(odd.__dict__)
    return made


def build(samples):
    shown = [instances(), named_tuples(), subclasses_of_built_ins()]
    for group in shown:
        samples.extend(group)
    if sys.version_info[0] >= 3:
        samples.append(Outer().local)
    samples.extend([Plain, Meta, Made, Outer.Inner, Outer().local, Both])
    return [shown, dictionaries_of_classes()]
