#!/usr/bin/env python3
"""A heap with a known number of objects of one class. usage: python_target.py NUMBER
Prints one line of JSON when it is ready, and ends when its standard input closes."""

import json
import os
import sys


class Marker:
    pass


def main():
    kept = [Marker() for _ in range(int(sys.argv[1]))]
    print(json.dumps({"markers": len(kept), "pid": os.getpid(),
                      "executable": sys.executable}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
