#!/usr/bin/python3
"""CPU per scrape of the same 10,000 series, served by this project's server and
by prometheus-cpp's Exposer, plain and with gzip, in turn within one run.

usage: series.py SERVE_SERIES [--rounds 50]
"""

import argparse
import gzip
import http.client
import pathlib
import statistics
import subprocess

import cpu_clock

SERVERS = {"leak_exporter": "leak_exporter", "exposer": "prometheus-cpp Exposer"}


class Server:
    def __init__(self, program, kind):
        self.process = subprocess.Popen([program, kind], text=True,
                                        stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())
        self.samples = {"identity": [], "gzip": []}

    def scrape(self, encoding):
        """On a connection of its own: the Exposer closes each without saying
        so beforehand."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=60)
        before = cpu_clock.seconds(self.process.pid)
        connection.request("GET", "/metrics",
                           headers={"Accept-Encoding": encoding})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        self.samples[encoding].append(
            cpu_clock.seconds(self.process.pid) - before)
        zipped = response.headers.get("Content-Encoding") == "gzip"
        assert zipped == (encoding == "gzip"), response.headers
        return body

    def series(self):
        text = gzip.decompress(self.scrape("gzip")).decode()
        return sum(1 for line in text.splitlines()
                   if line.startswith("leak_"))

    def resident_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("serve_series")
    parser.add_argument("--rounds", type=int, default=50)
    arguments = parser.parse_args()
    servers = {kind: Server(arguments.serve_series, kind) for kind in SERVERS}
    try:
        counts = {server.series() for server in servers.values()}
        assert len(counts) == 1, counts
        for _ in range(arguments.rounds):
            for server in servers.values():
                for encoding in server.samples:
                    server.scrape(encoding)
        print(f"{counts.pop()} series.\n")
        print("| server | CPU ms a scrape | with gzip | resident MiB |")
        print("|--|--|--|--|")
        medians = {kind: {encoding: statistics.median(samples) * 1000
                          for encoding, samples in server.samples.items()}
                   for kind, server in servers.items()}
        for kind, name in SERVERS.items():
            print(f"| {name} | {medians[kind]['identity']:.2f} | "
                  f"{medians[kind]['gzip']:.2f} | "
                  f"{servers[kind].resident_mib():.1f} |")
        ratios = [medians["leak_exporter"][encoding]
                  / medians["exposer"][encoding]
                  for encoding in ("identity", "gzip")]
        print(f"| ratio | {ratios[0]:.2f} | {ratios[1]:.2f} | |")
    finally:
        for server in servers.values():
            server.stop()


if __name__ == "__main__":
    main()
