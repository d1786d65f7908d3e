#!/usr/bin/python3
"""What a Python target notices of being watched: its worst tick of a
millisecond, and its throughput, with the exporter as it is configured by
default and scraped each second, against without.

Prints a Markdown table. Windows with and without the exporter come in pairs,
by turns in either order; the median of the pairs' differences has a 95 %
confidence interval (bootstrap). An exporter starts with its window, so each
window has a walk of the heap, which by default is once in 30 seconds.

usage: disturbance.py EXPORTER [--pairs 12] [--seconds 8] [--objects 1000000]
"""

import argparse
import http.client
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import threading
import time

from scrape import free_port

WAIT_SECONDS = 60
RESAMPLES = 10_000
HERE = pathlib.Path(__file__).resolve().parent


class Target:
    def __init__(self, objects):
        self.process = subprocess.Popen(
            ["/usr/bin/python3", HERE / "ticking_target.py", str(objects)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            sys.exit("the target was never ready")

    def measure(self, what, seconds):
        self.process.stdin.write(f"{what} {seconds}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=WAIT_SECONDS)


class ScrapedExporter:
    """The exporter with one Python target, scraped each second while the
    context lasts."""

    def __init__(self, program, pid):
        self.port = free_port()
        self.command = [program, f"--pid={pid}", "--log.level=error",
                        f"--web.listen-address=127.0.0.1:{self.port}"]
        self.ended = threading.Event()
        self.failure = None
        self.heap_was_read = False

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=WAIT_SECONDS)
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                self.connection.connect()
                break
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    sys.exit("the exporter never listened")
        self.thread = threading.Thread(target=self.scrape)
        self.thread.start()
        return self

    def scrape(self):
        due = time.monotonic()
        while not self.ended.wait(max(0, due - time.monotonic())):
            due += 1
            try:
                self.connection.request("GET", "/metrics")
                response = self.connection.getresponse()
                body = response.read()
            except OSError as error:
                self.failure = error
                return
            if response.status != 200:
                self.failure = f"status {response.status}"
            self.heap_was_read |= b"\nleak_python_objects{" in body

    def __exit__(self, kind, *_):
        self.ended.set()
        self.thread.join()
        self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=WAIT_SECONDS)
        if kind is None and (self.failure or not self.heap_was_read):
            sys.exit(f"scrapes failed: {self.failure or 'no heap was read'}")


def measure_pair(options, target, what, watched_first):
    """What a window has without, and with the exporter."""
    without = with_exporter = 0.0
    for watched in (watched_first, not watched_first):
        if watched:
            with ScrapedExporter(options.exporter, target.process.pid):
                with_exporter = target.measure(what, options.seconds)
        else:
            without = target.measure(what, options.seconds)
    return without, with_exporter


def interval(differences):
    """The 95 % confidence interval of the median."""
    generator = random.Random(1)
    medians = sorted(
        statistics.median(generator.choices(differences, k=len(differences)))
        for _ in range(RESAMPLES))
    return medians[RESAMPLES // 40], medians[-RESAMPLES // 40 - 1]


def report(name, unit, pairs, scale, digits, as_percent):
    without, with_exporter = ([pair[i] * scale for pair in pairs]
                              for i in (0, 1))
    differences = [(after / before - 1) * 100 if as_percent else after - before
                   for before, after in zip(without, with_exporter)]
    low, high = interval(differences)
    of_difference = "%" if as_percent else unit
    print(f"| {name} | {statistics.median(without):.{digits}f} {unit} | "
          f"{statistics.median(with_exporter):.{digits}f} {unit} | "
          f"{statistics.median(differences):+.2f} {of_difference} | "
          f"{low:+.2f} to {high:+.2f} {of_difference} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exporter")
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--objects", type=int, default=1_000_000)
    options = parser.parse_args()
    target = Target(options.objects)
    ticks, work = [], []
    try:
        for number in range(options.pairs):
            ticks.append(measure_pair(options, target, "tick", number % 2 == 1))
            work.append(measure_pair(options, target, "work", number % 2 == 1))
    finally:
        target.stop()
    print(f"A Python target of {options.objects:,} objects, {options.pairs} "
          f"pairs of windows of {options.seconds:g} s, load average "
          f"{os.getloadavg()[0]:.1f}:\n")
    print("| | without | with the exporter | difference (median) |"
          " 95 % confidence |")
    print("|--|--|--|--|--|")
    report("Worst tick of a window", "ms", ticks, 1000, 2, as_percent=False)
    report("Throughput", "pieces/s", work, 1, 1, as_percent=True)


if __name__ == "__main__":
    main()
