"""A leak, from the process that has it to the person who is told: the exporter,
Prometheus with the shipped rules and Alertmanager with the shipped routing. An
hour of the rules is twelve seconds here."""

import os
import queue
import time
import unittest

import servers
from servers import harness

SHRINK = 300
# What leaks, and what that is called: the receiver, the alert.
ZOMBIES = ("warnings", "LeakZombiesPresent")
HEAP = {("warnings", "LeakPythonTypeGrowing"),
        ("warnings", "LeakResidentMemoryFloorRising"),
        ("warnings", "LeakAnonymousMemoryFloorRising")}
LIMIT_SECONDS = 150


class AlertsTest(unittest.TestCase):
    def setUp(self):
        self.directory = servers.run_directory(self)
        self.target = self.enterContext(harness.Target(
            str(servers.ROOT / "tests/deploy/leaky_target.py")))
        config = harness.write_config(self.directory, f"""
targets:
  - name: leaky
    match: {{pid: {self.target.pid}}}
collectors:
  python_heap: {{min_interval: 500ms}}
""")
        exporter = self.enterContext(harness.Exporter(
            [f"--config.file={config}"], self.directory))
        self.relay = self.enterContext(servers.ScrapeRelay(exporter))
        self.receiver = self.enterContext(servers.AlertReceiver())
        self.start_servers()
        self.firing = set()

    def start_servers(self):
        routing = servers.read("deploy/alertmanager/alertmanager.yml")
        routing = routing.replace("127.0.0.1:9095",
                                  f"127.0.0.1:{self.receiver.server_port}")
        alertmanager = servers.start_alertmanager(
            self, self.directory / "alertmanager",
            servers.shrink_durations(routing, 60))
        rules = self.directory / "rules"
        rules.mkdir()
        for name in ("recording", "alerts"):
            (rules / f"{name}.yml").write_text(servers.shrink_durations(
                servers.read(f"deploy/prometheus/rules/{name}.yml"), SHRINK))
        self.prometheus = servers.start_prometheus(
            self, self.directory / "prometheus", {
                "global": {"scrape_interval": "1s", "scrape_timeout": "1s",
                           "evaluation_interval": "1s"},
                "rule_files": [f"{rules}/*.yml"],
                "alerting": {"alertmanagers": [{"static_configs": [
                    {"targets": [f"127.0.0.1:{alertmanager.port}"]}]}]},
                "scrape_configs": [{
                    "job_name": "leak_exporter",
                    "static_configs": [{"targets": [
                        f"127.0.0.1:{self.relay.server_port}"]}]}]})

    def follow(self, done):
        """Takes notifications until `done` holds of what is firing."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while not done():
            try:
                receiver, name, status, _ = self.receiver.events.get(
                    timeout=max(deadline - time.monotonic(), 0.01))
            except queue.Empty:
                self.fail(f"still firing: {self.firing}")
            if status == "firing":
                self.firing.add((receiver, name))
            else:
                self.firing.discard((receiver, name))

    def scrapes(self, count):
        for _ in range(count):
            self.relay.events.get(timeout=harness.WAIT_SECONDS)

    def test_the_right_alerts_arrive_and_only_those_and_resolve(self):
        # Quiet: twenty scrapes, over an hour and a half, and nothing is said.
        self.scrapes(20)
        self.assertTrue(self.receiver.events.empty(),
                        "an alert without a leak")

        self.assertEqual(len(self.target.tell("zombies 6")), 6)
        self.follow(lambda: ZOMBIES in self.firing)
        self.assertEqual(self.firing, {ZOMBIES})

        self.target.tell("grow")
        self.follow(lambda: HEAP <= self.firing)
        self.assertEqual(self.firing, HEAP | {ZOMBIES})

        self.assertEqual(len(self.target.tell("reap")), 6)
        self.follow(lambda: ZOMBIES not in self.firing)
        self.assertEqual(self.firing, HEAP)


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
