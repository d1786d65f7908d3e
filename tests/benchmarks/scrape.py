#!/usr/bin/python3
"""CPU per scrape of this exporter and of its peers, on the same processes.

Prints Markdown tables. All figures of a row come from one run: the exporters
are scraped in turn, and the median of their CPU times is taken, as the kernel
accounts them (the process's CPU clock, ended threads included).

usage: scrape.py EXPORTER MANY_CHILDREN [--children 100,1000,5000] [--rounds 20]
"""

import argparse
import http.client
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import cpu_clock

WAIT_SECONDS = 60
CHEAP = "collect[]=process_tree&collect[]=memory"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Exporter:
    """One server under measurement, on a connection that is kept."""

    def __init__(self, name, command, port, path="/metrics"):
        self.name, self.port, self.path = name, port, path
        self.samples = []
        started = time.monotonic()
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.listening_seconds = self.wait(started)
        self.connection = http.client.HTTPConnection("127.0.0.1", port,
                                                     timeout=WAIT_SECONDS)

    def wait(self, started):
        while time.monotonic() - started < WAIT_SECONDS:
            if self.process.poll() is not None:
                sys.exit(f"{self.name} ended at once")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return time.monotonic() - started
        return sys.exit(f"{self.name} never listened")

    def scrape(self):
        before = cpu_clock.seconds(self.process.pid)
        self.connection.request("GET", self.path)
        response = self.connection.getresponse()
        body = response.read()
        self.samples.append(cpu_clock.seconds(self.process.pid) - before)
        if response.status != 200:
            sys.exit(f"{self.name}: {response.status}")
        return body

    @property
    def median_ms(self):
        return statistics.median(self.samples) * 1000

    def resident_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def stop(self):
        self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=WAIT_SECONDS)


EACH_COMM = (("{{.Comm}}", ".+"),)


def process_exporter(directory, groups=EACH_COMM):
    """Debian's prometheus-process-exporter without smaps and threads: the
    cheapest that it can do. Groups are (name, pattern of command lines)."""
    port = free_port()
    config = pathlib.Path(directory) / "process-exporter.yml"
    config.write_text("process_names:\n" + "".join(
        f"  - name: '{name}'\n    cmdline: ['{pattern}']\n"
        for name, pattern in groups))
    return Exporter("process-exporter, no smaps, no threads", [
        shutil.which("prometheus-process-exporter"),
        f"-config.path={config}", "-gather-smaps=false", "-threads=false",
        f"-web.listen-address=127.0.0.1:{port}"], port)


def node_exporter():
    port = free_port()
    return Exporter("node_exporter, only processes", [
        shutil.which("prometheus-node-exporter"),
        "--collector.disable-defaults", "--collector.processes",
        f"--web.listen-address=127.0.0.1:{port}"], port)


def leak_exporter(program, pid, name, query=""):
    port = free_port()
    return Exporter(name, [program, f"--pid={pid}", "--log.level=error",
                           f"--web.listen-address=127.0.0.1:{port}"], port,
                    "/metrics" + ("?" + query if query else ""))


def measure(arguments, children, directory):
    forest = subprocess.Popen([arguments.many_children, str(children)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True)
    pid = int(forest.stdout.readline())
    exporters = [
        leak_exporter(arguments.exporter, pid,
                      "leak_exporter, process_tree + memory", CHEAP),
        leak_exporter(arguments.exporter, pid,
                      "leak_exporter, every default collector"),
        process_exporter(directory), node_exporter()]
    try:
        for _ in range(3):
            for exporter in exporters:
                exporter.scrape()
        for exporter in exporters:
            exporter.samples.clear()
        for _ in range(arguments.rounds):
            for exporter in exporters:
                exporter.scrape()
        report(children, exporters)
    finally:
        for exporter in exporters:
            exporter.stop()
        forest.stdin.close()
        forest.wait(timeout=WAIT_SECONDS)


def report(children, exporters):
    ours = exporters[0].median_ms
    for exporter in exporters:
        print(f"| {children} | {exporter.name} | {exporter.median_ms:.2f} | "
              f"{exporter.median_ms * 1000 / children:.1f} | "
              f"{exporter.median_ms / ours:.1f} | "
              f"{exporter.resident_kib() / 1024:.1f} | "
              f"{exporter.listening_seconds * 1000:.0f} |", flush=True)


def ten_targets(arguments, directory):
    """Resident memory with ten targets, after a hundred scrapes."""
    forests = [subprocess.Popen([arguments.many_children, "10"],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                text=True) for _ in range(10)]
    pids = [int(forest.stdout.readline()) for forest in forests]
    port = free_port()
    exporter = Exporter("leak_exporter, ten targets", [
        arguments.exporter, *(f"--pid={pid}" for pid in pids),
        "--log.level=error", f"--web.listen-address=127.0.0.1:{port}"], port)
    try:
        for _ in range(100):
            body = exporter.scrape()
        print(f"\nTen targets of ten children each, after 100 scrapes: "
              f"{exporter.resident_kib() / 1024:.1f} MiB resident, "
              f"{exporter.median_ms:.2f} ms CPU a scrape, {len(body)} bytes, "
              f"listening {exporter.listening_seconds * 1000:.0f} ms after "
              "its start.")
    finally:
        exporter.stop()
        for forest in forests:
            forest.stdin.close()
            forest.wait(timeout=WAIT_SECONDS)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exporter")
    parser.add_argument("many_children")
    parser.add_argument("--children", default="100,1000,5000")
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    directory = tempfile.mkdtemp()
    try:
        print("| children | exporter | CPU ms a scrape (median) | µs a child |"
              " times the first | resident MiB | listening after ms |")
        print("|--|--|--|--|--|--|--|")
        for children in map(int, arguments.children.split(",")):
            measure(arguments, children, directory)
        ten_targets(arguments, directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
