"""What Prometheus itself makes of a scrape: promtool's lint, and a server that
scrapes a live exporter."""

import http.server
import json
import os
import queue
import socket
import subprocess
import threading
import unittest
import urllib.request

import harness


def free_port():
    """A loopback port that nothing listened on a moment ago: Prometheus takes
    its address on the command line and cannot say which one it chose."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Relay(http.server.ThreadingHTTPServer):
    """Hands each request on to the exporter's Unix socket and tells of it, so
    that a test knows when Prometheus has scraped without looking again and
    again."""

    daemon_threads = True

    def __init__(self, exporter):
        super().__init__(("127.0.0.1", 0), RelayHandler)
        self.exporter = exporter
        self.scrapes = queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *details):
        self.shutdown()
        super().__exit__(*details)


class RelayHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        response = self.server.exporter.request(self.path,
                                                headers=dict(self.headers))
        self.send_response(response.status)
        self.send_header("Content-Type", response.headers["Content-Type"])
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)
        self.server.scrapes.put(response.headers["Content-Type"])

    def log_message(self, *_):
        pass


class PrometheusTest(unittest.TestCase):
    def setUp(self):
        self.base = self.enterContext(harness.temporary_directory())
        self.forest = self.enterContext(
            harness.Target("process_forest.py", self.base))
        self.exporter = self.enterContext(harness.Exporter(
            [f"--pid={self.forest.pid}"], self.base))

    def test_promtool_has_nothing_to_say(self):
        text = self.exporter.request("/metrics",
                                     headers={"Accept": "text/plain"}).body
        done = subprocess.run(["promtool", "check", "metrics"], input=text,
                              capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, b"", b""))

    def test_a_real_server_scrapes_it_as_openmetrics(self):
        relay = self.enterContext(Relay(self.exporter))
        port = free_port()
        self.start_prometheus(port, relay.server_port)
        # When the third scrape begins, the samples of the first are stored.
        types = {relay.scrapes.get(timeout=harness.WAIT_SECONDS)
                 for _ in range(3)}
        self.assertEqual(types, {"application/openmetrics-text; version=1.0.0;"
                                 " charset=utf-8"})
        self.assertEqual(self.query(port, "up"), "1")
        self.assertEqual(self.query(
            port, "sum(leak_child_processes{"
            f'target="pid-{self.forest.pid}"}})'), "55")

    def start_prometheus(self, port, exporter_port):
        config = self.base / "prometheus.yml"
        config.write_text(json.dumps({
            "scrape_configs": [{
                "job_name": "leak_exporter", "scrape_interval": "1s",
                "scrape_timeout": "1s",
                "static_configs": [
                    {"targets": [f"127.0.0.1:{exporter_port}"]}]}]}))
        server = subprocess.Popen(
            ["prometheus", f"--config.file={config}",
             f"--storage.tsdb.path={self.base}/tsdb",
             f"--web.listen-address=127.0.0.1:{port}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait, timeout=harness.WAIT_SECONDS)
        self.addCleanup(server.terminate)

    def query(self, port, expression):
        url = (f"http://127.0.0.1:{port}/api/v1/query?"
               + harness.encode(query=expression))
        with urllib.request.urlopen(url, timeout=5) as response:
            result = json.load(response)["data"]["result"]
        self.assertEqual(len(result), 1, f"{expression}: {result}")
        return result[0]["value"][1]


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
