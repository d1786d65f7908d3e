"""Prints what psutil and pmap say of one process, a fact a line.

usage: process_details.py PID THRESHOLD_KB
"""

import os
import subprocess
import sys

import psutil


def pmap_rows(pid):
    """(address, kilobytes, name) of each mapping, and the total."""
    listing = subprocess.run(
        ["pmap", "-p", str(pid)], check=True, capture_output=True, text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout.splitlines()
    rows = []
    for line in listing[1:-1]:
        address, size, _mode, name = line.split(maxsplit=3)
        rows.append((int(address, 16), int(size.rstrip("K")), name))
    return rows, int(listing[-1].split()[1].rstrip("K"))


def label(address, name, heaps):
    """pmap's name, but for the heap, which it calls anonymous."""
    if address in heaps:
        return "[heap]"
    return {"[ anon ]": "anon", "[ stack ]": "[stack]"}.get(name, name)


def main():
    pid, threshold = int(sys.argv[1]), int(sys.argv[2])
    process = psutil.Process(pid)
    maps = process.memory_maps(grouped=False)
    heaps = {int(one.addr.split("-")[0], 16) for one in maps
             if one.path == "[heap]"}
    rows, total = pmap_rows(pid)
    print("mappings", len(maps))
    print("total", total)
    for address, kilobytes, name in rows:
        if kilobytes > threshold:
            print("row", kilobytes, label(address, name, heaps))
    memory = process.memory_full_info()
    print("pss", memory.pss)
    print("uss", memory.uss)
    print("descriptors", process.num_fds())
    print("limit", process.rlimit(psutil.RLIMIT_NOFILE)[0])
    for path in {one.path for one in process.open_files()}:
        print("file", path)


main()
