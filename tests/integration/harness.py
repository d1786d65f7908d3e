"""Starts the exporter and processes for it to watch, and ends them again.

Nothing here sleeps: the exporter says when it listens (sd_notify), and targets
say when they are ready (a line on a pipe). Every wait is bounded.
"""

import contextlib
import gzip
import http.client
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics)
from prometheus_client.parser import (
    text_string_to_metric_families as parse_text)

WAIT_SECONDS = 30
EXPORTER = os.environ["LEAK_EXPORTER"]
# A system call that the filter does not know fails the test.
UNNEEDED_CALLS = ("--security.unneeded-calls="
                  + os.environ.get("LEAK_UNNEEDED_CALLS", "kill"))
HERE = pathlib.Path(__file__).resolve().parent
OPENMETRICS = "application/openmetrics-text; version=1.0.0"

# Debian's own, because the oracles are its packages.
PYTHON = "/usr/bin/python3"


@contextlib.contextmanager
def temporary_directory():
    """A directory with a canonical path that other users can reach."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="leak_exporter_it.")).resolve()
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket: no port to choose, none to collide."""

    def __init__(self, path):
        super().__init__("localhost", timeout=WAIT_SECONDS)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Response:
    def __init__(self, raw):
        self.status = raw.status
        self.headers = raw.headers
        self.body = raw.read()
        if self.headers.get("Content-Encoding") == "gzip":
            self.body = gzip.decompress(self.body)

    @property
    def text(self):
        return self.body.decode()


class Exporter:
    """A running exporter; `output` and `log` are what it wrote so far."""

    def __init__(self, arguments, directory, user=None, prefix=(),
                 environment=None):
        """`prefix` is a command that runs the exporter in its own place."""
        self.directory = pathlib.Path(directory)
        self.socket_path = str(self.directory / "exporter.sock")
        self.output_path = self.directory / "exporter.out"
        self.log_path = self.directory / "exporter.log"
        notify_path = str(self.directory / "notify.sock")
        pathlib.Path(notify_path).unlink(missing_ok=True)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(notify_path)
        os.chmod(notify_path, 0o777)
        self.notify.settimeout(WAIT_SECONDS)
        with open(self.output_path, "wb") as output, \
                open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [*prefix, EXPORTER, "serve", UNNEEDED_CALLS, *arguments,
                 "--web.listen-address=unix:" + self.socket_path],
                stdin=subprocess.DEVNULL, stdout=output, stderr=log,
                env={**os.environ, "NOTIFY_SOCKET": notify_path,
                     **(environment or {})},
                **as_user(user))
        try:
            self.await_notification(b"READY=1")
        except TimeoutError:
            self.stop()
            raise AssertionError("the exporter was never ready: "
                                 + self.log) from None

    def await_notification(self, wanted):
        """Reads what it tells the service manager until this is said."""
        while wanted not in self.notify.recv(4096):
            pass

    def forget_notifications(self):
        """Makes room for later ones, which the kernel bounds to a few."""
        while select.select([self.notify], [], [], 0)[0]:
            self.notify.recv(4096)

    @property
    def output(self):
        return self.output_path.read_text(errors="replace")

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    def request(self, path, method="GET", headers=None):
        connection = UnixConnection(self.socket_path)
        try:
            connection.request(method, path, headers=headers or {})
            return Response(connection.getresponse())
        finally:
            connection.close()

    def tcp_port(self):
        """The port that it listens at besides its Unix socket."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            listening = re.search(r"address=127\.0\.0\.1:(\d+)", self.log)
            if listening:
                return int(listening[1])
            assert time.monotonic() < deadline, self.log
            # The log is written by a thread of its own.
            self.request("/-/healthy")

    def scrape(self, path="/metrics"):
        """Samples of an OpenMetrics scrape, by name and labels."""
        response = self.request(path, headers={"Accept": OPENMETRICS})
        assert response.status == 200, response.text
        return Samples(parse_openmetrics(response.text))

    def scrape_with(self, *collectors):
        """Scrapes until these collectors, which run beside scrapes, have ended
        a run on every target. Each scrape waits a moment for them."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            samples = self.scrape()
            ended = {(labels["target"], labels["collector"])
                     for labels in samples.labels(
                         "leak_scrape_collector_success")}
            missing = [(labels["target"], collector)
                       for labels in samples.labels("leak_target_processes")
                       for collector in collectors
                       if (labels["target"], collector) not in ended]
            if not missing:
                return samples
            assert time.monotonic() < deadline, f"never ran: {missing}"

    def scrape_text(self, path="/metrics"):
        response = self.request(path, headers={"Accept": "text/plain"})
        assert response.status == 200, response.text
        return Samples(parse_text(response.text))

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=WAIT_SECONDS)
        self.notify.close()
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Samples:
    """A scrape's samples; a series that is there twice is an error."""

    def __init__(self, families):
        self.values = {}
        for family in families:
            for sample in family.samples:
                key = (sample.name, tuple(sorted(sample.labels.items())))
                assert key not in self.values, f"twice in a scrape: {key}"
                self.values[key] = sample.value

    def get(self, name, **labels):
        """The value of the one series that has these labels, or None."""
        found = self.all(name, **labels)
        assert len(found) <= 1, f"{name}{labels} is not one series: {found}"
        return next(iter(found.values()), None)

    def all(self, name, **labels):
        """Values by the remaining labels (as a sorted tuple of pairs)."""
        wanted = labels.items()
        return {tuple(pair for pair in pairs if pair[0] not in labels): value
                for (sample, pairs), value in self.values.items()
                if sample == name and wanted <= dict(pairs).items()}

    def by(self, name, label, **labels):
        """Values of one label's series, the other labels being given."""
        return {dict(pairs)[label]: value
                for pairs, value in self.all(name, **labels).items()}

    def labels(self, name):
        """The labels of each series of a name."""
        return [dict(pairs) for sample, pairs in self.values if sample == name]

    def names(self):
        return {name for name, _ in self.values}


class Target:
    """A program that prints one line of JSON when it is ready and ends when
    its standard input closes: a script of this folder, or a built program."""

    def __init__(self, script, *arguments, user=None, cwd=None, prefix=()):
        """`prefix` is a command that runs the program in its own place."""
        interpreter = [PYTHON] if str(script).endswith(".py") else []
        self.process = subprocess.Popen(
            [*prefix, *interpreter, str(HERE / script), *map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=cwd,
            **as_user(user))
        line = self.process.stdout.readline()
        assert line, f"{script} ended before it was ready"
        self.facts = json.loads(line)

    @property
    def pid(self):
        return self.process.pid

    def await_input(self):
        """Waits until it waits for its input: nothing of it changes then."""
        deadline = time.monotonic() + WAIT_SECONDS
        waits_in = pathlib.Path(f"/proc/{self.pid}/wchan")
        while "pipe_read" not in waits_in.read_text():
            assert time.monotonic() < deadline, waits_in.read_text()
            os.sched_yield()

    def tell(self, command):
        """Sends a command and returns the program's answer."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def as_user(user):
    """Arguments of Popen for a plain uid without any group besides."""
    if user is None:
        return {}
    return {"user": user, "group": user, "extra_groups": []}


def run_exporter(*arguments, user=None, cwd=None):
    """Runs the program to its end."""
    command = [EXPORTER, *map(str, arguments)]
    if arguments[0] in ("serve", "profile"):
        command.insert(2, UNNEEDED_CALLS)
    return subprocess.run(command, text=True,
                          capture_output=True, timeout=2 * WAIT_SECONDS,
                          check=False, cwd=cwd, **as_user(user))


def write_config(directory, text):
    path = pathlib.Path(directory) / "leak_exporter.yml"
    path.write_text(text)
    return path


def start_ticks(pid):
    """When a process started, in clock ticks after boot."""
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text()
               .rpartition(")")[2].split()[19])


def is_listening(port):
    """Whether a connection to a loopback port is accepted."""
    with socket.socket() as client:
        client.settimeout(WAIT_SECONDS)
        return client.connect_ex(("127.0.0.1", port)) == 0


def encode(**query):
    return urllib.parse.urlencode(query, doseq=True)


def require_root():
    """These tests compare what root sees with what others see."""
    if os.geteuid() != 0:
        sys.exit("this test needs root, to start processes of another user")
