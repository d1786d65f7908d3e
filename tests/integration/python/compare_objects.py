"""Measures every object that the oracle lists from outside, and compares with its own numbers.

usage: compare_objects.py INSPECT_OBJECTS [--debian CACHE]
Prints, for each interpreter, how many types agree and what does not; ends with 1 where a type differs
that is not in EXOTIC. With --debian also the interpreters of Debian's suites, bootstrapped into CACHE.
"""

import collections
import re
import subprocess
import sys

import interpreters
import oracle

# What keeps references where only its own code finds them, or sizes itself by them.
EXOTIC = re.compile(r"""
    _pickle\.(Pickler|Unpickler)          # tables of C structs
  | (_ctypes\.|ctypes\.|zoo_library\.).*  # ctypes: what describes a C type hangs on its class
  | StgDict                               # the same, up to 3.12
  | sqlite3\.(Connection|Cache)           # lists of cursors and statements
  | pyexpat\.xmlparser | PyCapsule
  | ssl\.SSLContext                       # differs between releases of 3.13
  | random\.Random                        # 2.7's
""", re.VERBOSE)
# So many objects of types that agree otherwise.
FEW = {
    # A TreeBuilder's stack is a list of NULLs, which only reading its items would tell.
    ("list", "references"): 2,
    # The states of _decimal and, up to 3.9, of atexit hold more than references.
    ("module", "references"): 2,
}


def measured(inspect, target):
    addresses = "\n".join(str(address) for address in target.census.objects)
    answer = subprocess.run([inspect, str(target.pid), target.census.version], input=addresses.encode(),
                            stdout=subprocess.PIPE, check=True, timeout=300)
    for line in answer.stdout.decode().splitlines():
        address, size, references = line.split("\t")
        yield int(address), size, references


def differences(inspect, interpreter):
    """{(type, what): [(address, ours, theirs)]} of what differs, and the census."""
    found = collections.defaultdict(list)
    with oracle.Target(interpreter) as target:
        census = target.census
        for address, size, references in measured(inspect, target):
            if address == census.interned:
                continue
            expected = census.objects[address]
            name = census.types[expected.type].name
            if size != str(expected.size):
                found[name, "size"].append((address, size, expected.size))
            if references != str(expected.references):
                found[name, "references"].append((address, references, expected.references))
    return found, census


def is_allowed(name, what, cases):
    return EXOTIC.fullmatch(name) or len(cases) <= FEW.get((name, what), 0)


def check(inspect, interpreter):
    found, census = differences(inspect, interpreter)
    wrong = {key: cases for key, cases in found.items() if not is_allowed(*key, cases)}
    exotic = sorted({name for name, _ in found if (name, "size") not in wrong and (name, "references") not in wrong})
    print("%s: %d objects of %d types, %d types differ; known to: %s" % (
        census.version, len(census.objects), len(census.types), len({name for name, _ in wrong}), ", ".join(exotic)))
    for (name, what), cases in sorted(wrong.items()):
        shown = ", ".join("0x%x %s, not %s" % case for case in cases[:3])
        print("   %s: %s of %d: %s" % (name, what, len(cases), shown))
    sys.stdout.flush()
    return not wrong


if __name__ == "__main__":
    interpreters.check_each(check)
