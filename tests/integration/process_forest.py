#!/usr/bin/env python3
"""A tree of processes of known shape, waiting: depth 4, 50 living descendants,
5 zombies below different parents. The first ten living ones work in directories
below the one given, two in each.

Prints {"children": [...], "zombies": [...], "directories": {...}} when all of
it stands. Commands on standard input: `fork` makes one more child of the main
process, `reap` waits for the main process's own zombies; the end of input ends
everything.
"""

import ctypes
import json
import os
import pathlib
import signal
import sys

# Children of each process by level: 5 + 15 + 15 + 15 = 50.
FANOUT = [5, 3, 1, 1]
ZOMBIES_OF_MAIN = 2
PR_SET_PDEATHSIG = 1


class Forest:
    def __init__(self, base):
        self.base = pathlib.Path(base)
        self.report_reader, self.report_writer = os.pipe()
        self.directories = [self.base / f"work{number}" for number in range(5)]
        for directory in self.directories:
            directory.mkdir(exist_ok=True)
        self.own_zombies = []

    def report(self, kind, directory=""):
        line = json.dumps([kind, os.getpid(), str(directory)]) + "\n"
        os.write(self.report_writer, line.encode())

    def zombie(self):
        pid = os.fork()
        if pid == 0:
            self.report("zombie")
            os._exit(0)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        return pid

    def wait_for_the_end(self):
        while True:
            signal.pause()

    def child(self, level, index):
        """Forks a node of the tree; returns in the parent only."""
        if os.fork() != 0:
            return
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if index != 0:
            self.first_at = {}
        directory = ""
        if level == 1 and index < 5:
            directory = self.directories[index]
        elif level == 2:
            directory = self.directories[index] if index < 3 else ""
        if directory:
            os.chdir(directory)
        for number in range(FANOUT[level] if level < len(FANOUT) else 0):
            self.child(level + 1, number)
        if self.first_at.pop(level, None):
            self.zombie()
        self.report("child", directory)
        self.wait_for_the_end()

    def grow(self):
        """Only the very first branch leaves zombies, one on each of its first
        three levels."""
        for number in range(FANOUT[0]):
            self.first_at = {1: True, 2: True, 3: True} if number == 0 else {}
            self.child(1, number)
        self.own_zombies = [self.zombie() for _ in range(ZOMBIES_OF_MAIN)]

    def collect(self, living, zombies):
        """Reads as many reports as there are processes."""
        found = {"children": [], "zombies": [], "directories": {}}
        with os.fdopen(os.dup(self.report_reader)) as reports:
            while (len(found["children"]) < living
                   or len(found["zombies"]) < zombies):
                kind, pid, directory = json.loads(reports.readline())
                found["children" if kind == "child" else "zombies"].append(pid)
                if directory:
                    found["directories"][pid] = directory
        return found


def answer(value):
    print(json.dumps(value), flush=True)


def main():
    forest = Forest(sys.argv[1])
    forest.grow()
    answer(forest.collect(50, 5))
    for command in sys.stdin:
        if command.strip() == "fork":
            forest.first_at = {}
            forest.child(len(FANOUT), 99)
            answer(forest.collect(1, 0))
        elif command.strip() == "reap":
            answer([os.waitpid(pid, 0)[0] for pid in forest.own_zombies])
            forest.own_zombies = []


if __name__ == "__main__":
    main()
