#!/usr/bin/python3
"""A Python program with a large heap that notices when it is disturbed.

usage: ticking_target.py OBJECTS      Prints "ready". Commands on standard input:
`tick SECONDS` wakes up each millisecond and answers with the longest time
between two wake-ups, in seconds; `work SECONDS` repeats a piece of pure Python
and answers with the pieces a second. Ends when its standard input closes.
"""

import sys
import time

TICK_SECONDS = 0.001


class Node:
    def __init__(self, number):
        self.number = number


def tick(seconds):
    last = time.perf_counter()
    end = last + seconds
    worst = 0.0
    while last < end:
        time.sleep(TICK_SECONDS)
        now = time.perf_counter()
        worst = max(worst, now - last)
        last = now
    return worst


def piece(nodes):
    """A few milliseconds of work that walks over the heap."""
    total = 0
    for node in nodes[::100]:
        total = (total * 31 + node.number) % 1_000_003
    return total


def work(nodes, seconds):
    began = time.perf_counter()
    pieces = 0
    while time.perf_counter() - began < seconds:
        piece(nodes)
        pieces += 1
    return pieces / (time.perf_counter() - began)


def main():
    nodes = [Node(number) for number in range(int(sys.argv[1]))]
    print("ready", flush=True)
    for line in sys.stdin:
        command, seconds = line.split()
        print(tick(float(seconds)) if command == "tick"
              else work(nodes, float(seconds)), flush=True)


if __name__ == "__main__":
    main()
