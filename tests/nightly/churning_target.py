#!/usr/bin/python3
"""A program that never stands still. usage: churning_target.py DIRECTORY
Its heap grows and shrinks by objects of several types; children start, work in
directories of their own, end, and are reaped late; files come and go in
DIRECTORY/cache. Prints "ready" when all of it is under way, and ends when its
standard input closes."""

import os
import pathlib
import random
import select
import shutil
import sys

STEP_SECONDS = 0.05
MOST_OBJECTS = 100_000
MOST_CHILDREN = 30
MOST_ZOMBIES = 10
MOST_FILES = 300


class Order:
    def __init__(self, number):
        self.number, self.lines = number, [number]


class Customer:
    __slots__ = ("name", "orders")

    def __init__(self, number):
        self.name, self.orders = f"customer {number}", {}


MAKE = (Order, Customer, lambda number: {number: str(number)},
        lambda number: [number] * 10, lambda number: (number, str(number)))


class Churn:
    def __init__(self, base):
        self.base = pathlib.Path(base)
        self.cache = self.base / "cache"
        self.cache.mkdir(parents=True, exist_ok=True)
        self.random = random.Random(1)
        self.objects, self.children, self.zombies = [], [], []
        self.grows = True
        self.number = 0

    def change_heap(self):
        if self.grows:
            make = self.random.choice(MAKE)
            self.objects += map(make, range(2_000))
        else:
            del self.objects[:3_000]
        if not 0 < len(self.objects) < MOST_OBJECTS:
            self.grows = not self.grows

    def change_children(self):
        if len(self.children) < MOST_CHILDREN:
            self.start_child()
        if self.random.random() < 0.8 and self.children:
            reader, pid = self.children.pop(
                self.random.randrange(len(self.children)))
            os.close(reader)  # It ends now and is a zombie for some steps.
            self.zombies.append(pid)
        while len(self.zombies) > MOST_ZOMBIES:
            os.waitpid(self.zombies.pop(0), 0)

    def start_child(self):
        self.number += 1
        directory = self.base / f"work{self.number % MOST_CHILDREN}"
        directory.mkdir(exist_ok=True)
        ours, theirs = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(ours)
            for other, _ in self.children:
                os.close(other)
            os.chdir(directory)
            (directory / "file").write_bytes(bytes(self.number % 100 * 1000))
            poll = select.poll()
            poll.register(theirs, 0)  # POLLERR when the parent closes its end.
            poll.poll()
            os._exit(0)
        os.close(theirs)
        self.children.append((ours, pid))

    def change_files(self):
        for _ in range(5):
            file = self.cache / f"file{self.random.randrange(MOST_FILES)}"
            if file.exists():
                file.unlink()
            else:
                file.write_bytes(bytes(self.random.randrange(20_000)))

    def step(self):
        self.change_heap()
        self.change_children()
        self.change_files()

    def end(self):
        for reader, pid in self.children:
            os.close(reader)
            self.zombies.append(pid)
        for pid in self.zombies:
            os.waitpid(pid, 0)
        shutil.rmtree(self.base, ignore_errors=True)


def main():
    churn = Churn(sys.argv[1])
    churn.step()
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], STEP_SECONDS)[0]:
        churn.step()
    churn.end()


if __name__ == "__main__":
    main()
