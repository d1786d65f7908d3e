"""Asks each module that is written in C which words of its state its m_traverse visits.

As probe_traverse.py does for types, and in lines of the same form: `module` and its name, the size of
the state, the words of the state as a mask, or `follows`, and nothing.
"""

from __future__ import print_function

import ctypes
import gc
import os
import sys

import probe_traverse
from probe_traverse import FAKE, WORD, word

MODULE_BYTES = 256
# Up to 3.11 the state of _io begins with an int that says whether there is more.
FLAGS = {"io": 0}
# PyModuleObject: the state and the name; PyModuleDef, from 3.15 on the module too: its size, m_traverse.
if sys.version_info >= (3, 15):
    STATE, NAME, SIZE, TRAVERSE, IN_DEF = 24, 40, 56, 64, False
else:
    STATE, NAME, SIZE, TRAVERSE, IN_DEF = 32, 48, 56, 80, True


def description(module):
    """(address of the state, its size, m_traverse)"""
    holder = word(id(module) + 24) if IN_DEF else id(module)
    if not holder:
        return 0, 0, 0
    return word(id(module) + STATE), word(holder + SIZE), word(holder + TRAVERSE)


def visited(module, words):
    _, size, traverse = description(module)
    state = ctypes.create_string_buffer(size + probe_traverse.TAIL)
    for number in words:
        ctypes.c_uint64.from_address(ctypes.addressof(state) + WORD * number).value = FAKE + 4096 * number
    if words and own_name(module) in FLAGS:
        ctypes.c_uint64.from_address(ctypes.addressof(state) + WORD * FLAGS[own_name(module)]).value = 1
    copy = ctypes.create_string_buffer(ctypes.string_at(id(module), MODULE_BYTES), MODULE_BYTES)
    ctypes.c_uint64.from_address(ctypes.addressof(copy) + STATE).value = ctypes.addressof(state)
    seen = []

    def visit(obj, unused):
        seen.append((obj - FAKE) // 4096)
        return 0

    probe_traverse.TRAVERSE(traverse)(ctypes.addressof(copy), probe_traverse.VISIT(visit), None)
    return sorted(seen)


def probe(module):
    state, size, traverse = description(module)
    words = [number for number in range(size // WORD) if number != FLAGS.get(own_name(module))]
    none = probe_traverse.in_child(lambda: visited(module, []))
    every = probe_traverse.in_child(lambda: visited(module, words))
    if none != [] or every is None or len(set(every)) != len(every) or not set(every) <= set(words):
        return "follows"
    if max([0] + every) >= probe_traverse.WORDS:
        return "follows"
    return "0x%x" % sum(1 << number for number in every)


def own_name(module):
    """md_name, which nobody can change."""
    return ctypes.cast(word(id(module) + NAME), ctypes.py_object).value


def main():
    for module in list(sys.modules.values()):
        if type(module) is not type(sys):
            continue
        state, size, traverse = description(module)
        if state and traverse and 0 < size < 1 << 20:
            print("module %s\t%d\t%s\t" % (own_name(module), size, probe(module)))


if __name__ == "__main__":
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "target"))
    gc.disable()
    import zoo
    KEPT = zoo.build(0)
    main()
