#!/usr/bin/env python3
"""Compares reading a Python heap from outside with counting it inside.

Fills a process with objects, in the order they were made or shuffled, and lets
the benchmark program walk it from outside, and the process itself run
Counter(map(type, gc.get_objects())) and mem_top's formula. A thread of the
process ticks each millisecond: its longest gap says how long the process
stood still. Prints a Markdown table of the best of three runs.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

TARGET = """
import collections, gc, json, random, resource, sys, threading, time
gc.disable()
sizes, shuffled = int(sys.argv[1]), sys.argv[2] == 'shuffled'

class Plain:
    __slots__ = ('x', 'y')

def fill(count):
    made = []
    for i in range(count // 7):
        plain = Plain(); plain.x = []; plain.y = i
        made += [[i], {'k': i, 'v': []}, plain, (i, [])]
    return made

objects = fill(sizes)
if shuffled:
    # Half of the memory is freed all over, and used again in another order.
    random.seed(1)
    random.shuffle(objects)
    del objects[:len(objects) // 2]
    objects += fill(sizes // 2)
    random.shuffle(objects)

gap, stop = 0, False
def tick():
    global gap
    last = time.perf_counter()
    while not stop:
        time.sleep(0.001)
        now = time.perf_counter()
        gap = max(gap, now - last)
        last = now
ticker = threading.Thread(target=tick, daemon=True)
ticker.start()

def counter():
    collections.Counter(map(type, gc.get_objects()))

def mem_top():
    gc.collect()
    found = gc.get_objects()
    sorted(((len(gc.get_referents(o)), o) for o in found), key=lambda row: row[0], reverse=True)[:10]
    sorted(((sys.getsizeof(o), o) for o in found), key=lambda row: row[0], reverse=True)[:10]
    collections.Counter(map(type, found)).most_common(10)

for line in sys.stdin:
    command = line.strip()
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    if command == 'reset':
        gap = 0
    elif command in ('counter', 'mem_top'):
        gap = 0
        globals()[command]()
    took = time.perf_counter() - start
    time.sleep(0.003)
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({'seconds': took, 'gap': gap, 'maxrss': after.ru_maxrss * 1024,
                      'objects': len(gc.get_objects()) if command == 'size' else None}), flush=True)
"""


class Target:
    """A Python process with a heap, told what to do line by line."""

    def __init__(self, python, size, order):
        self.process = subprocess.Popen([python, "-c", TARGET, str(size), order], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def walk(program, what, target):
    """One walk from outside, with the target's longest gap meanwhile."""
    target.ask("reset")
    with subprocess.Popen([program, what, str(target.process.pid)], stdout=subprocess.PIPE, text=True) as process:
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{program} ended with {process.returncode}")
    result = json.loads(output)
    result["maxrss"] = usage.ru_maxrss * 1024
    result["gap"] = target.ask("gap")["gap"]
    return result


def idle(target, seconds):
    """The longest gap when nobody looks, over as long as a walk takes."""
    target.ask("reset")
    time.sleep(seconds)
    return target.ask("gap")["gap"]


def best(results):
    return min(results, key=lambda result: result["seconds"])


def row(name, result, objects, extra=""):
    millions = objects / result["seconds"] / 1e6
    cpu = f"{result['cpu_seconds'] * 1e3:.0f}" if "cpu_seconds" in result else "in the target"
    return (f"| {name} | {result['seconds'] * 1e3:.0f} | {millions:.1f} | {cpu} | {extra} |"
            f" {result['gap'] * 1e3:.1f} |")


def compare(program, python, size, order, runs):
    target = Target(python, size, order)
    objects = target.ask("size")["objects"]
    counts = best([walk(program, "counts", target) for _ in range(runs)])
    sizes = best([walk(program, "sizes", target) for _ in range(runs)])
    nothing = statistics.median(idle(target, counts["seconds"]) for _ in range(runs))
    counter = best([target.ask("counter") for _ in range(runs)])
    before = target.ask("reset")["maxrss"]
    mem_top = target.ask("mem_top")
    grown = (mem_top["maxrss"] - before) / 1e6
    target.close()
    print(f"\n### {objects / 1e6:.1f} million objects, {order}\n")
    print("| | ms | million objects/s | CPU ms | memory | longest gap of the target, ms |")
    print("|---|---|---|---|---|---|")
    print(row("from outside, counts", counts, objects, f"{counts['maxrss'] / 1e6:.1f} MB"))
    print(row("from outside, with sizes and references", sizes, objects, f"{sizes['maxrss'] / 1e6:.1f} MB"))
    print(row("Counter(map(type, gc.get_objects()))", counter, objects))
    print(row("mem_top's formula", mem_top, objects, f"+{grown:.0f} MB in the target"))
    print(f"| nobody looks | | | | | {nothing * 1e3:.1f} |")
    print(f"\nmem_top's formula takes {mem_top['seconds'] / sizes['seconds']:.0f} times as long as the walk"
          f" with sizes, Counter {counter['seconds'] / counts['seconds']:.1f} times as long as the walk that"
          f" counts; sizes cost {sizes['cpu_seconds'] / objects * 1e9:.0f} ms of CPU a million objects.")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="bench_python_heap")
    parser.add_argument("--python", default="/usr/bin/python3")
    parser.add_argument("--millions", type=float, nargs="*", default=[1, 10])
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    for millions in options.millions:
        for order in ("fresh", "shuffled"):
            compare(options.program, options.python, int(millions * 1e6), order, options.runs)


if __name__ == "__main__":
    main()
