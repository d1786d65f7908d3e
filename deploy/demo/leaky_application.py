#!/usr/bin/env python3
"""A small application that leaks in every way the exporter shows.

It multiplies instances of a class, leaves child processes running and one
unreaped, works in temporary directories that grow, fills a repository cache,
and keeps a deleted file open. It is bounded: it stops growing after an hour's
worth of steps, and ends, with its children, on SIGTERM or SIGINT.
"""

import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

MAX_STEPS = 3600
CHILDREN = 3


class Session:
    """What the application forgets to forget."""

    registry = []

    def __init__(self, number):
        self.number = number
        self.payload = {"user": f"user-{number}", "items": list(range(20))}
        Session.registry.append(self)


def start_children(base):
    """Children, each at work in a temporary directory of its own."""
    children = []
    for _ in range(CHILDREN):
        directory = tempfile.mkdtemp(prefix="task-", dir=base)
        children.append((subprocess.Popen(["sleep", "infinity"],
                                          cwd=directory), directory))
    return children


def leave_zombie():
    """A child that ended and that nobody waits for."""
    child = os.fork()
    if child == 0:
        os._exit(0)


def open_deleted_file(base):
    descriptor, path = tempfile.mkstemp(dir=base)
    os.write(descriptor, b"x" * 1_000_000)
    os.unlink(path)
    return descriptor


def leak_step(step, children, cache):
    for number in range(100):
        Session(step * 100 + number)
    with open(pathlib.Path(children[step % CHILDREN][1]) / "work.log",
              "ab") as log:
        log.write(b"a line of work\n" * 1000)
    (cache / f"object-{step}").write_bytes(b"y" * 4096)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", help="an existing directory to work in")
    parser.add_argument("--interval", type=float, default=1.0,
                        help="seconds between steps (default: 1)")
    arguments = parser.parse_args()

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    base = pathlib.Path(arguments.directory)
    cache = base / "repository-cache"
    cache.mkdir(exist_ok=True)
    children = start_children(base)
    try:
        leave_zombie()
        deleted = open_deleted_file(base)
        (base / "ready").write_text(f"{os.getpid()}\n")
        for step in range(MAX_STEPS):
            leak_step(step, children, cache)
            if stop.wait(arguments.interval):
                break
        stop.wait()
        os.close(deleted)
    finally:
        for child, directory in children:
            child.terminate()
            child.wait()
            shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
