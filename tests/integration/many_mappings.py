#!/usr/bin/env python3
"""A process with at least so many mappings. usage: many_mappings.py NUMBER
Prints one line of JSON when they stand. Commands on standard input: `unmap`
and `map`. Ends when its standard input closes."""

import ctypes
import json
import mmap
import sys

PAGE = mmap.PAGESIZE
PROT_READ = 1


class Marker:
    pass


class Mappings:
    """Pages of which each second may be read only: each is its own mapping."""

    def __init__(self, number):
        self.number = number
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.map()

    def map(self):
        self.pages = mmap.mmap(-1, self.number * PAGE)
        address = ctypes.addressof(ctypes.c_char.from_buffer(self.pages))
        for page in range(1, self.number, 2):
            if self.libc.mprotect(ctypes.c_void_p(address + page * PAGE),
                                  ctypes.c_size_t(PAGE), PROT_READ) != 0:
                sys.exit(f"mprotect: errno {ctypes.get_errno()}")

    def unmap(self):
        self.pages.close()


def answer(value):
    print(json.dumps(value), flush=True)


def main():
    kept = [Marker() for _ in range(1000)]
    mappings = Mappings(int(sys.argv[1]))
    answer({"mappings": mappings.number, "markers": len(kept)})
    for command in sys.stdin:
        getattr(mappings, command.strip())()
        answer(command.strip() + "ped")


if __name__ == "__main__":
    main()
