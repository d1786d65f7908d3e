"""The Prometheus side of deploy/: rules, their own tests, runbook, routing."""

import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = PROMETHEUS / "rules"
ALERTMANAGER = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"

# Series that Prometheus itself makes.
PROMETHEUS_SERIES = {"scrape_duration_seconds", "up"}


def run(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True,
                          text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def alerts():
    """Each alert's name and text."""
    parts = re.split(r"(?m)^      - alert: ", (RULES / "alerts.yml")
                     .read_text())[1:]
    return {part.split("\n", 1)[0]: part for part in parts}


def table_names():
    """Every metric name of the metric table, as the README lists them."""
    return set(re.findall(r"`((?:leak|process)_\w+)`",
                          (ROOT / "README.md").read_text()))


class RulesTest(unittest.TestCase):
    def check(self, *command):
        code, output = run(*command)
        self.assertEqual(code, 0, output)

    def test_promtool_accepts_configuration_and_rules(self):
        self.check("promtool", "check", "config",
                   PROMETHEUS / "prometheus.yml")
        self.check("promtool", "check", "rules", *RULES.glob("*.yml"))

    def test_alerts_fire_when_they_should_and_only_then(self):
        self.check("promtool", "test", "rules",
                   PROMETHEUS / "tests" / "alerts_test.yml")

    def test_floors_tell_leaks_from_load(self):
        self.check("promtool", "test", "rules",
                   PROMETHEUS / "tests" / "floors_test.yml")

    def test_every_alert_is_tested_both_ways(self):
        text = "".join(path.read_text() for path in
                       (PROMETHEUS / "tests").glob("*.yml"))
        fired = set(re.findall(r'alertname="(\w+)"', text))
        self.assertEqual(fired, set(alerts()))

    def test_every_alert_says_what_a_person_needs(self):
        for name, text in alerts().items():
            with self.subTest(alert=name):
                self.assertRegex(text, r"severity: (critical|warning|info)\n")
                summary = re.search(r"summary: (.+)", text)[1]
                self.assertNotIn("{{", summary)
                self.assertIn("{{ $", text.split("description:")[1])
                self.assertIn(f"runbook.md#alert-name-{name.lower()}\n", text)

    def test_the_runbook_has_a_section_for_each_alert(self):
        runbook = (PROMETHEUS / "runbook.md").read_text()
        sections = re.split(r"(?m)^## Alert Name: ", runbook)[1:]
        self.assertEqual({section.split("\n", 1)[0] for section in sections},
                         set(alerts()))
        for section in sections:
            for word in ("**Means.**", "**Confirm.**", "**Do.**"):
                self.assertIn(word, section)

    def test_rules_use_only_metrics_of_the_table(self):
        text = "".join(path.read_text() for path in RULES.glob("*.yml"))
        text = re.sub(r"[\w]+:(\w+):\w+", "", text)
        expressions = " ".join(
            re.findall(r"expr: \|-\n((?:          .*\n)+)", text)
            + re.findall(r"expr: >-\n((?:          .*\n)+)", text)
            + re.findall(r"expr: (\S.*)\n", text))
        used = set(re.findall(r"\b(leak_\w+|up|scrape_duration_seconds)\b",
                              re.sub(r'"[^"]*"', "", expressions)))
        self.assertLessEqual(used - PROMETHEUS_SERIES, table_names())
        self.assertGreater(len(used), 20)


class AlertmanagerTest(unittest.TestCase):
    def test_amtool_accepts_it(self):
        code, output = run("amtool", "check-config", ALERTMANAGER)
        self.assertEqual(code, 0, output)

    def test_severities_reach_their_receivers(self):
        for severity, receiver in (("critical", "pager"),
                                   ("warning", "warnings"), ("info", "log")):
            code, output = run("amtool", "config", "routes", "test",
                               f"--config.file={ALERTMANAGER}",
                               f"--verify.receivers={receiver}",
                               f"severity={severity}")
            self.assertEqual(code, 0, output)


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
