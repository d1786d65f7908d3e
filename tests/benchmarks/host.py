#!/usr/bin/python3
"""CPU per scrape on a host of many processes, by the number of applications.

Both exporters tell the applications apart by command line: leak_exporter by as
many targets, process-exporter by as many groups. Either all processes belong to
the applications, or most are bystanders: each application has two. Both are
scraped in turn. The first scrape and those of the first minute are listed
apart, because much is learnt then.

usage: host.py EXPORTER MANY_CHILDREN [--processes 2000] [--groups 1,50,200]
               [--rounds 20] [--pause 1] [--settle 61]
"""

import argparse
import contextlib
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

from scrape import Exporter, WAIT_SECONDS, free_port, process_exporter


@contextlib.contextmanager
def applications(program, sizes):
    """A process tree of each size, by its name."""
    forests = []
    try:
        for name, size in sizes.items():
            # One of them is the head.
            forests.append(subprocess.Popen(
                [name, str(size - 1)], executable=program,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        for forest in forests:
            forest.stdout.readline()
        yield
    finally:
        for forest in forests:
            forest.stdin.close()
        for forest in forests:
            forest.wait(timeout=WAIT_SECONDS)


def names(groups):
    return [f"app-{number:04}" for number in range(groups)]


def sizes_of(shape, groups, processes):
    if shape == "members":
        return {name: processes // groups for name in names(groups)}
    return {**{name: 2 for name in names(groups)},
            "bystanders": processes - 2 * groups}


def leak_exporter(program, directory, groups):
    config = pathlib.Path(directory) / "leak_exporter.yml"
    config.write_text("targets:\n" + "".join(
        f"  - name: {name}\n    match: {{cmdline: '^{name} '}}\n"
        for name in names(groups)))
    port = free_port()
    return Exporter("leak_exporter, every default collector", [
        program, f"--config.file={config}", "--log.level=error",
        f"--web.listen-address=127.0.0.1:{port}"], port)


def scrape_in_turn(exporters, rounds, pause):
    for exporter in exporters:
        exporter.samples.clear()
    for _ in range(rounds):
        for exporter in exporters:
            exporter.scrape()
        time.sleep(pause)
    return [list(exporter.samples) for exporter in exporters]


def settle(exporters, until):
    """Scrapes now and then, as Prometheus would: a connection that rests is
    closed."""
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 2.0))
        for exporter in exporters:
            exporter.scrape()


def measure(arguments, shape, groups, directory):
    sizes = sizes_of(shape, groups, arguments.processes)
    with applications(arguments.many_children, sizes):
        started = time.monotonic()
        exporters = [
            leak_exporter(arguments.exporter, directory, groups),
            process_exporter(
                directory, [(name, f"^{name} ") for name in names(groups)])]
        try:
            first = scrape_in_turn(exporters, 1, 0)
            young = scrape_in_turn(exporters, arguments.rounds,
                                   arguments.pause)
            settle(exporters, started + arguments.settle)
            old = scrape_in_turn(exporters, arguments.rounds, arguments.pause)
            report(arguments.processes, shape, groups, exporters,
                   (first, young, old))
        finally:
            for exporter in exporters:
                exporter.stop()


def report(processes, shape, groups, exporters, phases):
    for at, exporter in enumerate(exporters):
        cells = []
        for phase in phases:
            milliseconds = statistics.median(phase[at]) * 1000
            ours = statistics.median(phase[0]) * 1000
            cells.append(f"{milliseconds:.2f} ({milliseconds / ours:.1f})")
        microseconds = statistics.median(phases[-1][at]) * 1e6 / processes
        print(f"| {shape} | {groups} | {exporter.name} | {' | '.join(cells)} | "
              f"{microseconds:.1f} | {exporter.resident_kib() / 1024:.1f} | "
              f"{threads(exporter)} |", flush=True)


def threads(exporter):
    status = pathlib.Path(f"/proc/{exporter.process.pid}/status").read_text()
    return int(status.partition("Threads:")[2].split()[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exporter")
    parser.add_argument("many_children")
    parser.add_argument("--processes", type=int, default=2000)
    parser.add_argument("--groups", default="1,50,200")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--pause", type=float, default=1.0)
    parser.add_argument("--settle", type=float, default=61.0)
    arguments = parser.parse_args()
    directory = tempfile.mkdtemp()
    try:
        print(f"{arguments.processes} processes; CPU ms a scrape (times "
              "leak_exporter's), medians:\n")
        print("| processes are | groups | exporter | first scrape | first minute | later | "
              "µs a process | resident MiB | threads |")
        print("|--|--|--|--|--|--|--|--|--|")
        for shape in ("bystanders", "members"):
            for groups in map(int, arguments.groups.split(",")):
                measure(arguments, shape, groups, directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
