"""Asks each C type of the interpreter that runs it which of an instance's words its tp_traverse visits.

A block of the type's basic size is filled with addresses at which nothing is mapped, one word at a
time and then all at once, and the type's own tp_traverse is called on it in a child process. A visit
that hands over the address names the word; a crash means that the function follows pointers, and is
for code to imitate. One line a type: name, basic size, item size, flags, then the words as a mask
(bit n: the word at 8 * n) or `follows`.
"""

from __future__ import print_function

import ctypes
import gc
import os
import signal
import sys

WORD = 8
PREFIX = 64
TAIL = 4096
FAKE = 0x100000000000
TP_NAME, TP_BASICSIZE, TP_ITEMSIZE, TP_FLAGS, TP_TRAVERSE, TP_BASE = 24, 32, 40, 168, 184, 256
HAVE_GC = 1 << 14
TUPLE_SUBCLASS = 1 << 26
# As many as the mask has bits.
WORDS = 64
# Words that begin a ring of links; an empty one leads back to the object.
RINGS = {"functools._lru_cache_wrapper": [2, 3]}
VISIT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
TRAVERSE = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, VISIT, ctypes.c_void_p)


def word(address):
    return ctypes.c_uint64.from_address(address).value


def visited(cls, words):
    """What tp_traverse visits in a block with the given words set."""
    size = word(id(cls) + TP_BASICSIZE)
    block = ctypes.create_string_buffer(PREFIX + size + TAIL)
    start = ctypes.addressof(block) + PREFIX
    for number in RINGS.get(tp_name(id(cls)), []):
        ctypes.c_uint64.from_address(start + WORD * number).value = start
    for number in words:
        ctypes.c_uint64.from_address(start + WORD * number).value = FAKE + 4096 * number
    ctypes.c_uint64.from_address(start).value = 1
    ctypes.c_uint64.from_address(start + WORD).value = id(cls)
    seen = []

    def visit(obj, unused):
        seen.append(1 if obj == id(cls) else (obj - FAKE) // 4096)
        return 0

    TRAVERSE(word(id(cls) + TP_TRAVERSE))(start, VISIT(visit), None)
    return sorted(seen)


def in_child(ask):
    """What ask() says in a child process, or None where the child died of it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(2)
        os.close(2)
        os.write(writer, ("%s." % " ".join(map(str, ask()))).encode())
        os._exit(0)
    os.close(writer)
    text = b""
    while True:
        part = os.read(reader, 65536)
        if not part:
            break
        text += part
    os.close(reader)
    os.waitpid(child, 0)
    return [int(number) for number in text[:-1].split()] if text.endswith(b".") else None


def probe(cls):
    basic = word(id(cls) + TP_BASICSIZE)
    first = 3 if word(id(cls) + TP_ITEMSIZE) else 2
    ring = RINGS.get(tp_name(id(cls)), [])
    every = [number for number in range(first, basic // WORD) if number not in ring]
    alone = in_child(lambda: visited(cls, []))
    if alone is None or any(number != 1 for number in alone):
        return "follows"
    both = in_child(lambda: visited(cls, every))
    if both is None:
        return "follows"
    for number in every:
        seen = in_child(lambda: visited(cls, [number]))
        if seen is None or seen not in (alone, sorted(alone + [number])):
            return "follows"
        if len(seen) > len(alone) and number not in both:
            return "follows"
    if len(set(both)) != len(both) or any(number not in [1] + every for number in both):
        return "follows"
    if max([0] + both) >= WORDS:
        return "follows"
    if word(id(cls) + TP_FLAGS) & TUPLE_SUBCLASS:
        # The words behind are items. The size of an instance has room for the fields that no index shows.
        both = [number for number in both if number == 1]
    mask = 0
    for number in both:
        mask |= 1 << number
    return "0x%x" % mask


def all_types():
    seen = {}
    pending = [object]
    while pending:
        cls = pending.pop()
        if id(cls) in seen:
            continue
        seen[id(cls)] = cls
        pending.extend(type.__subclasses__(cls))
    # Not every C type is made ready by PyType_Ready() before its first use.
    for obj in gc.get_objects():
        seen[id(type(obj))] = type(obj)
    return list(seen.values())


def main():
    class Python(object):
        pass

    python_traverse = word(id(Python) + TP_TRAVERSE)
    lines = {}
    for cls in all_types():
        flags = word(id(cls) + TP_FLAGS)
        traverse = word(id(cls) + TP_TRAVERSE)
        if not flags & HAVE_GC or not traverse or traverse == python_traverse:
            continue
        base = word(id(cls) + TP_BASE)
        same = base and traverse == word(base + TP_TRAVERSE) and word(id(cls) + TP_BASICSIZE) == word(base + TP_BASICSIZE)
        line = "%s\t%d\t%%s\t%s" % (tp_name(id(cls)), word(id(cls) + TP_BASICSIZE), tp_name(base) if same else "")
        lines[line] = cls
    for line in sorted(lines):
        print(line % probe(lines[line]))


def tp_name(address):
    return ctypes.string_at(word(address + TP_NAME)).decode("utf-8", "replace")


if __name__ == "__main__":
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "target"))
    gc.disable()
    import zoo
    KEPT = zoo.build(0)
    main()
