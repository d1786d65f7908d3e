"""Who sees values, who reloads: by the owner of the client's socket and the name
that it asks by."""

import os
import subprocess
import unittest

import harness

NOBODY = 65534
OTHER = 12345
SECRET = "hunter2" * 3
TARGET = f"""
import sys
secret = ["{SECRET}" for _ in range(100_000)]
log = open("/proc/self/maps")
print("ready", flush=True)
sys.stdin.read()
"""
CLIENT = """
import http.client, socket, sys
port, method, path, host = sys.argv[1:]
connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
connection.request(method, path, headers={"Host": host})
response = connection.getresponse()
print(response.status)
sys.stdout.write(response.read().decode())
"""


class TrustTest(unittest.TestCase):
    def setUp(self):
        harness.require_root()
        directory = self.enterContext(harness.temporary_directory())
        target = self.enterContext(subprocess.Popen(
            [harness.PYTHON, "-c", TARGET], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, **harness.as_user(NOBODY)))
        self.assertEqual(target.stdout.readline(), "ready\n")
        config = harness.write_config(directory, f"""
targets:
  - name: app
    match: {{pid: {target.pid}}}
""")
        self.exporter = self.enterContext(harness.Exporter(
            [f"--config.file={config}", "--web.listen-address=127.0.0.1:0"],
            directory))
        self.port = str(self.exporter.tcp_port())

    def ask(self, user, path, method="GET", host="localhost"):
        done = subprocess.run(
            [harness.PYTHON, "-c", CLIENT, self.port, method, path, host],
            text=True, capture_output=True, check=True,
            timeout=2 * harness.WAIT_SECONDS, **harness.as_user(user))
        status, _, body = done.stdout.partition("\n")
        return int(status), body

    def test_values_are_for_root_and_the_targets_user(self):
        for user, host, shown in (
                (None, "localhost", True), (None, "127.0.0.1", True),
                (NOBODY, "localhost", True), (OTHER, "localhost", False),
                (None, "evil.example", False)):
            with self.subTest(user=user, host=host):
                for query in ("", "?format=json"):
                    status, body = self.ask(user, "/debug/memory" + query,
                                            host=host)
                    self.assertEqual(status, 200)
                    self.assertIn("<class 'list'>", body)
                    self.assertEqual(SECRET in body, shown, body)
                _, body = self.ask(user, "/debug/disk", host=host)
                self.assertEqual("withheld" not in body, shown, body)

    def test_over_a_unix_socket_root_is_known_as_well(self):
        self.assertIn(SECRET, self.exporter.request("/debug/memory").text)

    def test_reloading_is_for_root(self):
        for user, host, status in (
                (None, "localhost", 200), (NOBODY, "localhost", 403),
                (OTHER, "localhost", 403), (None, "evil.example", 403)):
            with self.subTest(user=user, host=host):
                self.assertEqual(
                    self.ask(user, "/-/reload", "POST", host)[0], status)


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
