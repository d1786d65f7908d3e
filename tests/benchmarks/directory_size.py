#!/usr/bin/env python3
"""Compares the sizing of a large directory with Python's rglob and with du.

Builds a tree (5 % directories, 2 % hard links, 1 % symbolic links), lets every
program measure it warm, in turns, and prints a Markdown table of medians. Ends
with an error where the sizes differ.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

SUBDIRECTORIES = 8
RGLOB = ("import pathlib, sys; print(sum(p.stat().st_size"
         " for p in pathlib.Path(sys.argv[1]).rglob('*')))")


def build_tree(top, entries):
    """Creates exactly `entries` entries below `top`, reproducibly."""
    directories = [top]
    last_file = None
    for i in range(entries):
        if i % 20 == 0:
            parent = directories[(len(directories) - 1) // SUBDIRECTORIES]
            path = f"{parent}/directory{i}"
            os.mkdir(path)
            directories.append(path)
            continue
        path = f"{directories[-1]}/file{i}"
        if i % 100 == 1 and last_file:
            os.symlink(last_file, path)
        elif i % 50 == 2 and last_file:
            os.link(last_file, path)
        else:
            descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL)
            os.ftruncate(descriptor, i * 7919 % 65536)
            os.close(descriptor)
            last_file = path


def run(command):
    """Returns standard output, wall and CPU seconds and ru_maxrss in bytes."""
    begin = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} ended with {process.returncode}")
    wall = time.monotonic() - begin
    return output, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


class Contender:
    def __init__(self, name, command, read):
        self.name, self.command, self.read = name, command, read
        self.walls, self.cpus = [], []
        self.apparent_bytes = self.peak_bytes = None

    def measure(self):
        output, wall, cpu, peak_bytes = run(self.command)
        self.walls.append(wall)
        self.cpus.append(cpu)
        self.apparent_bytes, self.peak_bytes = self.read(output, peak_bytes)


def read_number(output, peak_bytes):
    # exec(2) keeps the peak of the process that it replaces, this one: a
    # smaller peak is not known.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return int(output.split()[0]), peak_bytes if peak_bytes > 2 * own else None


def read_json(output, _):
    result = json.loads(output)
    return result["apparent_bytes"], result["peak_resident_bytes"]


def print_table(contenders, entries, rglob, du):
    print("| program | wall s | CPU s | entries/s | peak MB "
          "| × rglob | × du -sb | CPU × du -sb |")
    print("|---|---|---|---|---|---|---|---|")
    for one in contenders:
        wall, cpu = map(statistics.median, (one.walls, one.cpus))
        peak = f"{one.peak_bytes / 1e6:.1f}" if one.peak_bytes else "–"
        print(f"| {one.name} | {wall:.2f} | {cpu:.2f} | {entries / wall:,.0f} "
              f"| {peak} | {statistics.median(rglob.walls) / wall:.1f} "
              f"| {statistics.median(du.walls) / wall:.2f} "
              f"| {statistics.median(du.cpus) / cpu:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=pathlib.Path,
                        help="bench_directory_size")
    parser.add_argument("--directory", help="where the tree is built and removed"
                        " again (default: the temporary directory)")
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(dir=options.directory) as top:
        build_tree(top, options.entries)
        rglob = Contender("Python rglob sum",
                          ["/usr/bin/python3", "-c", RGLOB, top], read_number)
        du = Contender("du -sb", ["du", "-sb", top], read_number)
        ours = [Contender(f"leak_exporter, {threads} thread(s)",
                          [options.program, top, str(threads)], read_json)
                for threads in (1, 2)]
        contenders = [rglob, du, *ours]
        run(du.command)
        for _ in range(options.rounds):
            for one in contenders:
                one.measure()
        print_table(contenders, options.entries, rglob, du)
        for one in ours:
            if one.apparent_bytes != rglob.apparent_bytes:
                sys.exit(f"{one.name} says {one.apparent_bytes} bytes, "
                         f"Python {rglob.apparent_bytes}")


if __name__ == "__main__":
    main()
