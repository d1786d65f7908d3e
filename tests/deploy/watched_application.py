#!/usr/bin/env python3
"""watched_application.py DIRECTORY: a process that has, in a new DIRECTORY that
nobody else may enter, something of all that only a capability shows. Says
`{"pid": N}` when it is complete, ends when its standard input closes.

`check` compares what a scrape shows of it with what root reads of it.
"""

import json
import os
import pathlib
import stat
import subprocess
import sys
import time

WAIT_SECONDS = 30
FILES = 20
CACHE_BYTES = 123_456
WORK_BYTES = 7_890
OBJECTS = 5000
COLLECTORS = ("process_tree", "memory", "mappings", "open_files", "disk_usage",
              "python_heap")


class Request:
    """What there are OBJECTS of."""


def configuration(name, match, directory, collectors=None):
    """A configuration that watches it, as text."""
    return json.dumps({
        "targets": [{"name": name, "match": match,
                     "repository_caches": [f"{directory}/cache"]}],
        "collectors": collectors or {}})


def complete(scrape, target):
    """The samples of the first scrape that has everything: directories and
    heaps are measured beside the scrapes, which wait for them for a while."""
    end = time.monotonic() + WAIT_SECONDS
    while True:
        samples = scrape()
        ran = samples.by("leak_scrape_collector_success", "collector",
                         target=target)
        if set(COLLECTORS) <= set(ran):
            return samples
        if time.monotonic() > end:
            raise AssertionError(f"these alone ran on {target}: {ran}")


def check(test, samples, target, pid, directory):
    """`samples` are those of harness.Samples."""
    def of(name, **labels):
        return samples.get(name, target=target, **labels)

    proc = pathlib.Path(f"/proc/{pid}")
    success = samples.by("leak_scrape_collector_success", "collector",
                         target=target)
    test.assertEqual({name: success.get(name) for name in COLLECTORS},
                     dict.fromkeys(COLLECTORS, 1))
    errors = samples.all("leak_scrape_collector_errors", target=target)
    test.assertEqual({key: count for key, count in errors.items() if count},
                     {})
    test.assertEqual(of("leak_target_processes"), 1)
    test.assertEqual(of("leak_child_processes", state="zombie"), 1)
    test.assertEqual(of("leak_child_processes", state="sleeping"), 1)
    test.assertEqual(of("leak_mappings", scope="main"),
                     len((proc / "maps").read_text().splitlines()))
    opened = samples.by("leak_open_files", "kind", target=target,
                        scope="main")
    modes = [entry.stat().st_mode for entry in (proc / "fd").iterdir()]
    test.assertEqual(sum(opened.values()), len(modes))
    test.assertEqual(opened["file"], sum(map(stat.S_ISREG, modes)))
    test.assertGreaterEqual(opened["file"], FILES)
    inside = pathlib.Path(f"{proc}/root{directory}")
    test.assertEqual((inside / "cache/pack").stat().st_size, CACHE_BYTES)
    test.assertEqual(of("leak_repository_cache_bytes"), CACHE_BYTES)
    test.assertEqual(sum(samples.all("leak_temporary_directory_bytes",
                                     target=target).values()), WORK_BYTES)
    objects = samples.by("leak_python_objects", "class", target=target)
    test.assertEqual(objects.get("__main__.Request"), OBJECTS, objects)


def main():
    directory = pathlib.Path(sys.argv[1])
    work = directory / "work"
    for path in (directory, directory / "cache", work):
        path.mkdir(mode=0o700)
    (directory / "cache/pack").write_bytes(bytes(CACHE_BYTES))
    (work / "scratch").write_bytes(bytes(WORK_BYTES))
    files = [open(directory / f"file{number}", "w") for number in range(FILES)]
    requests = [Request() for _ in range(OBJECTS)]
    child = subprocess.Popen(["/bin/cat"], cwd=work, stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL)
    zombie = os.spawnv(os.P_NOWAIT, "/bin/true", ["true"])
    os.waitid(os.P_PID, zombie, os.WEXITED | os.WNOWAIT)
    print(json.dumps({"pid": os.getpid()}), flush=True)
    sys.stdin.read()
    child.communicate()
    os.waitpid(zombie, 0)
    requests.clear()
    for file in files:
        file.close()


if __name__ == "__main__":
    main()
