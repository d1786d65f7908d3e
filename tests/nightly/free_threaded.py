"""Counts the objects of a free-threaded CPython, which no package of Debian is.

Builds it from Debian's source package of the version, once, into a cache
directory; that takes about five minutes. Its counts by type are compared with
the interpreter's own, without any tolerance. Sizes and references have to be
absent, because how such a build lays them out is not known.

usage: free_threaded.py MEASURE_HEAP CACHE [--suite=trixie]
"""

import argparse
import hashlib
import lzma
import os
import pathlib
import re
import subprocess
import sys
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/integration/python"))
import compare_heap  # noqa: E402
import interpreters  # noqa: E402
import oracle  # noqa: E402

DOWNLOAD_SECONDS = 300
BUILD_SECONDS = 3600
NO_SIZES = re.compile(".*")


def fetch(url):
    with urllib.request.urlopen(url, timeout=DOWNLOAD_SECONDS) as answer:
        return answer.read()


def source(suite):
    """Name, address and checksum of the suite's source of Python."""
    mirror = interpreters.mirror()
    index = lzma.decompress(fetch(
        f"{mirror}/dists/{suite}/main/source/Sources.xz")).decode()
    package = "python" + interpreters.SUITES[suite]
    for paragraph in index.split("\n\n"):
        if not paragraph.startswith(f"Package: {package}\n"):
            continue
        directory = re.search(r"^Directory: (.*)$", paragraph, re.M)[1]
        checksum, name = re.search(
            r"^ ([0-9a-f]{64}) \d+ (\S+\.orig\.tar\.xz)$", paragraph,
            re.M).groups()
        return name, f"{mirror}/{directory}/{name}", checksum
    raise RuntimeError(f"{suite} has no source package {package}")


def build(suite, cache):
    """The interpreter, made unless it is there."""
    name, address, checksum = source(suite)
    version = name.split("_")[1].removesuffix(".orig.tar.xz")
    home = cache / f"free-threaded-{version}"
    program = home / "bin/python3"
    if not program.exists():
        archive = fetch(address)
        if hashlib.sha256(archive).hexdigest() != checksum:
            raise RuntimeError(f"{name} is not what the index says")
        work = cache / f"build-{version}"
        work.mkdir(parents=True, exist_ok=True)
        (work / name).write_bytes(archive)
        log = open(work / "log", "wb")

        def run(*command):
            subprocess.run(command, cwd=work, stdout=log, stderr=log,
                           check=True, timeout=BUILD_SECONDS)
        with log:
            run("tar", "--extract", "--strip-components=1", "--file", name)
            run("./configure", "--disable-gil", "--without-ensurepip",
                "--disable-test-modules", f"--prefix={home}")
            run("make", f"-j{os.cpu_count()}")
            run("make", "install")
    return interpreters.Interpreter(f"free-threaded {version}", [str(program)],
                                    "/")


def check(program, interpreter):
    with oracle.Target(interpreter) as target:
        census = target.census
        walk = compare_heap.Walk(program, target.pid)
    wrong = list(compare_heap.wrong_types(walk, census, unsized=NO_SIZES))
    wrong += [f"{name} has bytes" for name in walk.sizes]
    wrong += [f"{kind} has rows" for kind, rows in walk.rows.items() if rows]
    print(f"{census.version}: {len(census.objects)} objects, "
          f"{len(wrong)} differences", *wrong, sep="\n   ")
    return not wrong


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("program")
    arguments.add_argument("cache", type=lambda p: pathlib.Path(p).resolve())
    arguments.add_argument("--suite", default="trixie",
                           choices=interpreters.SUITES)
    given = arguments.parse_args()
    sys.exit(0 if check(given.program, build(given.suite, given.cache)) else 1)


if __name__ == "__main__":
    main()
