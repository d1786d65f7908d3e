"""Walks the oracle's heap from outside, and compares counts, sums and rankings with its own.

usage: compare_heap.py MEASURE_HEAP [--debian CACHE]
The heap is still, so the counts and the bytes of every type are equal, without any tolerance. The rows of
the rankings are those of the formula, whichever come first among objects with equal numbers.
"""

import collections
import re
import subprocess
import sys

import interpreters
import oracle
from compare_reprs import escaped, PLAIN

ROWS = 10
# The only types that may have no bytes: their __sizeof__ is their own, or a base's that needs more than is read.
UNSIZED = re.compile(r"_pickle\.(Pickler|Unpickler)|StgDict|_ctypes\..*|ctypes\._endian\..*")


class Walk(object):
    """What measure_heap printed."""

    def __init__(self, program, pid):
        answer = subprocess.run([program, str(pid)], stdout=subprocess.PIPE, check=True, timeout=300)
        self.types = collections.Counter()
        self.sizes = collections.Counter()
        self.unsized = set()
        self.rows = {"refs": [], "bytes": []}
        for line in answer.stdout.decode().splitlines():
            kind, fields = line.split("\t", 1)
            if kind == "type":
                name, number, size, _ = fields.split("\t")
                self.types[name] += int(number)
                if size:
                    self.sizes[name] += int(size)
                else:
                    self.unsized.add(name)
            else:
                number, address, type_repr, shown = fields.split("\t", 3)
                self.rows[kind].append(oracle.Row(int(number), int(address), type_repr, escaped(shown)))


def wrong_types(walk, census, unsized=UNSIZED):
    """What differs. Types that match `unsized` may have no bytes; where there are some, they are right."""
    expected = collections.Counter()
    sizes = collections.Counter()
    for type_ in census.types.values():
        expected[type_.name] += type_.number
        sizes[type_.name] += type_.size
    for name in sorted(set(expected) | set(walk.types)):
        ours, theirs = walk.types[name], expected[name]
        if ours != theirs:
            yield "%s: %d objects, not %d" % (name, ours, theirs)
        elif name in walk.unsized:
            if not unsized.fullmatch(name):
                yield "%s: no bytes" % name
        elif walk.sizes[name] != sizes[name]:
            yield "%s: %d bytes, not %d" % (name, walk.sizes[name], sizes[name])


def wrong_rows(rows, candidates, interned):
    """`candidates` are the formula's rows, and all that share the last one's number. The number of interned
    strings is not what it was when they were counted."""
    ours = {row.address: row.number for row in rows}
    candidates = [row._replace(number=ours.get(interned, row.number)) if row.address == interned else row
                  for row in candidates]
    numbers = [row.number for row in candidates[:ROWS]]
    if [row.number for row in rows] != numbers:
        yield "numbers %s, not %s" % ([row.number for row in rows], numbers)
    by_address = {row.address: row for row in candidates}
    for row in rows:
        expected = by_address.get(row.address)
        if expected is None:
            yield "not one of them: %s" % (row,)
        elif row != expected and not PLAIN.fullmatch(expected.type_repr):
            yield "%s\n      not %s" % (row, expected)


def check(program, interpreter):
    with oracle.Target(interpreter) as target:
        census = target.census
        walk = Walk(program, target.pid)
    wrong = list(wrong_types(walk, census))
    for kind, candidates in [("refs", census.refs), ("bytes", census.bytes)]:
        wrong.extend(kind + ": " + text for text in wrong_rows(walk.rows[kind], candidates, census.interned))
    over = sum(walk.types.values()) - len(census.objects)
    print("%s: %d objects, %d too many; %d differences" % (census.version, len(census.objects), over, len(wrong)))
    for text in wrong:
        print("   " + text)
    sys.stdout.flush()
    return not wrong


if __name__ == "__main__":
    interpreters.check_each(check)
