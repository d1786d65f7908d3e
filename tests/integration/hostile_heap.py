#!/usr/bin/env python3
"""A Python heap that has much of one thing. usage: hostile_heap.py KIND COUNT
Prints one line of JSON when it stands, and ends when its standard input
closes."""

import gc
import sys

LONG = "x" * 900


def types(count):
    """Classes with long names of their own."""
    return [type(f"{number}{LONG}", (), {"__module__": f"m{LONG}",
                                         "__slots__": ()})()
            for number in range(count)]


def few_names(count):
    """As many classes, all of one name."""
    return [type("Same", (), {"__slots__": ()})() for _ in range(count)]


def attributes(count):
    """Classes, each with an attribute of its own among a thousand."""
    shared = {f"a{number}": None for number in range(1000)}
    return [type("Same", (), {**shared, f"b{number}": 1})()
            for number in range(count)]


def frozen(count):
    """Objects that gc.freeze() puts aside."""
    kept = [[] for _ in range(count)]
    gc.freeze()
    return kept


def large(count):
    """A dict, a set, a list, a tuple and texts, each of so many items."""
    return [{number: None for number in range(count)}, set(range(count)),
            list(range(count)), tuple(range(count)),
            ["é" * count], [b"\0" * count], [bytearray(count)],
            [10 ** min(count, 100_000)]]


def nested(count):
    """Containers in each other, and objects whose repr is long."""
    kept = []
    for _ in range(count):
        kept = [kept, {LONG: kept}]
    return kept


def main():
    gc.disable()
    kept = globals()[sys.argv[1]](int(sys.argv[2]))
    print(len(kept), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
