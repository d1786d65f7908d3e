"""Every query of every panel finds something in a Prometheus that scrapes a
live exporter, with the labels that the panel's legend names."""

import os
import re
import subprocess
import unittest

import dashboards_test
import servers
from servers import harness

# What Grafana puts in place of its variables; windows fit a run of seconds.
VARIABLES = {"$job": ".+", "$instance": ".+", "$target": ".+",
             "$__rate_interval": "10s", "$__range": "5s"}
SCRAPES = 15

# Debian 12's python3 is a 3.11 without symbols: where its allocator's arenas
# are cannot be found, so these have nothing to show for it.
ABSENT = re.compile(r"leak_python_arena_(used_)?bytes\b")


def filled_in(text):
    for name, value in VARIABLES.items():
        text = text.replace(name, value)
    return text


class DashboardQueriesTest(unittest.TestCase):
    def setUp(self):
        self.directory = servers.run_directory(self)
        pid = self.start_application()
        config = harness.write_config(self.directory, f"""
targets:
  - name: demo
    match: {{pid: {pid}}}
    repository_caches: [{self.directory}/repository-cache]
collectors:
  disk_usage: {{min_interval: 1 second}}
  python_heap: {{min_interval: 1 second}}
""")
        exporter = self.enterContext(harness.Exporter(
            [f"--config.file={config}"], self.directory))
        relay = self.enterContext(servers.ScrapeRelay(exporter))
        rules = servers.ROOT / "deploy/prometheus/rules/recording.yml"
        self.prometheus = servers.start_prometheus(
            self, self.directory / "prometheus", {
                "global": {"scrape_interval": "1s", "scrape_timeout": "1s",
                           "evaluation_interval": "1s"},
                "rule_files": [str(rules)],
                "scrape_configs": [{
                    "job_name": "leak_exporter",
                    "static_configs": [{"targets": [
                        f"127.0.0.1:{relay.server_port}"]}]}]})
        for _ in range(SCRAPES):
            relay.events.get(timeout=harness.WAIT_SECONDS)

    def start_application(self):
        """The application of deploy/quickstart; it says that it is ready by
        writing its pid into a file, here a pipe."""
        ready = self.directory / "ready"
        os.mkfifo(ready)
        application = subprocess.Popen([
            harness.PYTHON,
            str(servers.ROOT / "deploy/demo/leaky_application.py"),
            str(self.directory), "--interval=0.2"])
        self.addCleanup(application.wait, timeout=harness.WAIT_SECONDS)
        self.addCleanup(application.terminate)
        return int(ready.read_text())

    def test_every_query_finds_what_its_legend_names(self):
        asked = 0
        for name, dashboard in dashboards_test.DASHBOARDS.items():
            for panel in dashboards_test.panels(dashboard):
                for target in panel["targets"]:
                    asked += 1
                    self.check(f"{name}: {panel['title']}", target)
        self.assertGreater(asked, 60)

    def check(self, where, target):
        result = self.prometheus.query(filled_in(target["expr"]))
        if ABSENT.match(target["expr"]):
            self.assertEqual(result, [], where)
            return
        self.assertTrue(result, f"{where}: nothing for {target['expr']}")
        for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
            for labels, _ in result:
                self.assertIn(label, labels, f"{where}: {target['expr']}")


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
