"""Holds more and more of what the collector does not track: a step for each byte on standard input,
answered by a line with the type's name, the number of objects and their sys.getsizeof()."""

import os
import sys

NUMBER = 20000
HELD = []


def texts():
    return [u"text %d" % i for i in range(NUMBER)]


def wide_texts():
    return [u"\u0394" * (i % 50 + 2) for i in range(NUMBER)]


def large_texts():
    return [u"x" * (600 + i % 1000) for i in range(NUMBER // 10)]


def byte_strings():
    return [b"bytes %d" % i if sys.version_info[0] > 2 else "bytes %d" % i for i in range(NUMBER)]


def integers():
    return [i + 10 ** 6 for i in range(NUMBER)]


def large_integers():
    return [i + 10 ** 60 for i in range(NUMBER)]


def floats():
    return [i + 0.5 for i in range(NUMBER)]


STEPS = [texts, wide_texts, large_texts, byte_strings, integers, large_integers, floats]


def main():
    os.write(1, b"ready\n")
    for step in STEPS:
        os.read(0, 1)
        made = step()
        HELD.append(made)
        name = type(made[0]).__name__
        os.write(1, ("%s %d %d\n" % (name, len(made), sum(map(sys.getsizeof, made)))).encode("ascii"))
        made = None
    os.read(0, 1)
    del HELD[:]
    os.write(1, b"released\n")
    os.read(0, 1)


if __name__ == "__main__":
    main()
