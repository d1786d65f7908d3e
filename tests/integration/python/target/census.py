"""What the interpreter says of its own heap, written line by line.

Runs unchanged on 2.7 and 3.6 to 3.15. Whatever a census allocates is gone when it ends, so that a
reader who looks at the waiting process sees what gc.get_objects() listed; one is thrown away first,
because the first use of a type or of a codec leaves caches behind.
"""

import collections
import gc
import os
import sys

FIELD = "\t"
ROWS = 10
WIDTH = 100
# os.read() took a tuple of arguments before it became METH_FASTCALL.
READ_PACKS_ARGUMENTS = sys.version_info < (3, 7)


def escaped(text):
    """One line of ASCII, whatever `text` holds."""
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    out = text.encode("unicode_escape").decode("ascii")
    return out.replace("\\\\", "\\x5c").replace("\t", "\\t")


def type_name(cls):
    """What repr(type) shows between the quotes, even where a metaclass has a repr of its own."""
    shown = type.__repr__(cls)
    return shown[shown.index("'") + 1:shown.rindex("'")]


def has_python_repr(obj):
    """Nobody outside can run a __repr__ that is written in Python; that of named tuples is known."""
    if isinstance(obj, tuple) and hasattr(type(obj), "_fields"):
        return False
    return hasattr(getattr(type(obj), "__repr__", None), "__code__")


def shown(obj):
    if has_python_repr(obj):
        return "<%s object at 0x%x>" % (type_name(type(obj)), id(obj))
    return repr(obj)[:WIDTH]


def top_rows(kind, numbers, objects, write):
    """The formula's rows, and every object that shares the last row's number."""
    order = sorted(range(len(objects)), key=lambda i: numbers[i], reverse=True)
    least = numbers[order[min(ROWS, len(order)) - 1]]
    for i in order:
        if numbers[i] < least:
            break
        write(kind, numbers[i], id(objects[i]), escaped(type.__repr__(type(objects[i]))),
              escaped(shown(objects[i])))


def measure(objects, write):
    """Size and references of each object, and the sums of each type."""
    totals = {}
    sizes = []
    references = []
    for obj in objects:
        size = sys.getsizeof(obj)
        count = len(gc.get_referents(obj))
        sizes.append(size)
        references.append(count)
        total = totals.setdefault(id(type(obj)), [type(obj), 0, 0, 0])
        total[1] += 1
        total[2] += size
        total[3] += count
        write("object", id(obj), id(type(obj)), size, count)
    for cls, number, size, count in totals.values():
        write("type", id(cls), escaped(type_name(cls)), number, size, count)
    top_rows("refs", references, objects, write)
    top_rows("bytes", sizes, objects, write)


def write_statistics(write):
    write("version", "%d.%d.%d" % sys.version_info[:3])
    write("process", os.getpid())
    write("modules", len(sys.modules))
    if hasattr(gc, "get_freeze_count"):
        write("frozen", gc.get_freeze_count())
    if hasattr(gc, "get_stats"):
        for generation, numbers in enumerate(gc.get_stats()):
            write("generation", generation, numbers["collections"], numbers["collected"],
                  numbers["uncollectable"])


def write_interned(objects, write):
    """The dict of interned strings, from 3.14 on an object among others: the census itself adds to it."""
    for obj in objects:
        if type(obj) is dict and len(obj) > 1000 and all(key is value for key, value in list(obj.items())[:100]):
            write("interned", id(obj))


def run(samples, out, objects):
    """`samples` are further objects whose repr is wanted, tracked or not."""
    chunks = []

    def write(*fields):
        chunks.append(FIELD.join([str(field) for field in fields]))
        if len(chunks) >= 4096:
            flush()

    def flush():
        data = ("\n".join(chunks) + "\n").encode("ascii") if chunks else b""
        del chunks[:]
        while data:
            data = data[os.write(out, data):]

    write_statistics(write)
    write_interned(objects, write)
    measure(objects, write)
    for sample in samples:
        write("repr", id(sample), escaped(type.__repr__(type(sample))), escaped(shown(sample)))
    flush()


def take_and_wait(samples, control, out, scratch):
    """Writes the census to `out`, then waits until `control` is closed. The frame's locals, which are
    referents like any others, are bound alike when the objects are listed and when it waits."""
    arguments = None
    objects = None
    packed = READ_PACKS_ARGUMENTS
    get_objects = gc.get_objects
    wait = os.read
    run(samples, scratch, get_objects())
    gc.collect()
    # The collection untracks an empty dict of 2.7's collections module; showing an OrderedDict tracks it again.
    repr(collections.OrderedDict())
    if packed:
        arguments = (control, out)
    objects = get_objects()
    arguments = None
    run(samples, out, objects)
    objects = None
    os.write(out, b"end\n")
    wait(control, 1)


def take_when_settled(samples):
    """Writes the census to standard output and waits until standard input is closed. Without the collector,
    nothing happens to the heap meanwhile."""
    gc.disable()
    for _ in range(3):
        gc.collect()
    take_and_wait(samples, 0, 1, os.open(os.devnull, os.O_WRONLY))
