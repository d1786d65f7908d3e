#!/usr/bin/env python3
"""A process with one child whose comm holds a parenthesis, invalid UTF-8, a
newline, a quote and a backslash. Ends when its standard input closes."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
NAME = b") S 1 \xff\n\"\\"


def main():
    reader, writer = os.pipe()
    if os.fork() == 0:
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        libc.prctl(PR_SET_NAME, NAME)
        os.write(writer, b".")
        while True:
            signal.pause()
    os.read(reader, 1)
    print("{}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
