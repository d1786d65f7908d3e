"""Prometheus and Alertmanager on loopback, for tests, and what stands between
them and the test so that it is told of events instead of looking for them."""

import http.server
import json
import os
import pathlib
import queue
import re
import socket
import subprocess
import sys
import threading
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))

import harness  # noqa: E402  (found by the line above)

# Alert rules think in hours; the tests shrink every duration alike.
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def free_port():
    """A loopback port that nothing listened on a moment ago: the servers take
    their address on the command line and cannot say which one they chose."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def shrink_durations(text, factor):
    """Rules with every duration divided: `30m`, `[2h]`, `3 * 3600`."""
    def shrunk(match):
        seconds = int(match[1]) * SECONDS[match[2]] / factor
        return f"{max(round(seconds), 1)}s"

    text = re.sub(r"\b(\d+) \* 3600\b",
                  lambda match: str(int(match[1]) * 3600 / factor), text)
    # Not within a record's name, such as …:min30m.
    return re.sub(r"(?<![\w:])(\d+)([smhd])\b", shrunk, text)


class QuietHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def body(self):
        return self.rfile.read(int(self.headers["Content-Length"]))

    def answer(self, status, content_type="text/plain", body=b""):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class LoopbackServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.events = queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *details):
        self.shutdown()
        super().__exit__(*details)


class ScrapeHandler(QuietHandler):
    def do_GET(self):
        response = self.server.exporter.request(self.path,
                                                headers=dict(self.headers))
        self.answer(response.status, response.headers["Content-Type"],
                    response.body)
        self.server.events.put(response.headers["Content-Type"])


class ScrapeRelay(LoopbackServer):
    """Hands scrapes on to an exporter's Unix socket; an event for each."""

    def __init__(self, exporter):
        super().__init__(ScrapeHandler)
        self.exporter = exporter


class AlertHandler(QuietHandler):
    def do_POST(self):
        for alert in json.loads(self.body())["alerts"]:
            self.server.events.put(
                (self.path.strip("/"), alert["labels"]["alertname"],
                 alert["status"], alert))
        self.answer(200)


class AlertReceiver(LoopbackServer):
    """What Alertmanager notifies; an event for each alert."""

    def __init__(self):
        super().__init__(AlertHandler)


class WriteHandler(QuietHandler):
    def do_POST(self):
        request = urllib.request.Request(
            self.server.destination, data=self.body(), method="POST",
            headers=dict(self.headers))
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                self.answer(response.status)
        except OSError:
            # The receiver is not up yet; the sender tries again.
            self.answer(503)
        else:
            self.server.events.put("write")


class WriteRelay(LoopbackServer):
    """Hands remote writes on; an event for each that was accepted."""

    def __init__(self, destination):
        super().__init__(WriteHandler)
        self.destination = destination


class Server:
    """A program that serves on a loopback port until the test ends."""

    def __init__(self, test, command, port, log):
        self.port = port
        with open(log, "wb") as output:
            self.process = subprocess.Popen(command, stdout=output,
                                            stderr=subprocess.STDOUT)
        test.addCleanup(self.process.wait, timeout=harness.WAIT_SECONDS)
        test.addCleanup(self.process.terminate)

    def query(self, expression):
        """An instant query's result: [(labels, value)]."""
        url = (f"http://127.0.0.1:{self.port}/api/v1/query?"
               + harness.encode(query=expression))
        with urllib.request.urlopen(url, timeout=10) as response:
            result = json.load(response)["data"]["result"]
        return [(sample["metric"], sample["value"][1]) for sample in result]


def start_prometheus(test, directory, config, *flags):
    directory = pathlib.Path(directory)
    directory.mkdir(exist_ok=True)
    path = directory / "prometheus.yml"
    path.write_text(config if isinstance(config, str) else json.dumps(config))
    port = free_port()
    return Server(test, [
        "prometheus", f"--config.file={path}",
        f"--storage.tsdb.path={directory}/tsdb",
        f"--web.listen-address=127.0.0.1:{port}", *flags],
        port, directory / "prometheus.log")


def start_alertmanager(test, directory, config):
    directory = pathlib.Path(directory)
    directory.mkdir(exist_ok=True)
    path = directory / "alertmanager.yml"
    path.write_text(config)
    port = free_port()
    return Server(test, [
        "prometheus-alertmanager", f"--config.file={path}",
        f"--storage.path={directory}/data", "--cluster.listen-address=",
        f"--web.listen-address=127.0.0.1:{port}"],
        port, directory / "alertmanager.log")


def read(path):
    return (ROOT / path).read_text()


def run_directory(test):
    return test.enterContext(harness.temporary_directory())


if __name__ == "__main__":
    sys.exit(f"{os.path.basename(__file__)} is a part of the tests")
