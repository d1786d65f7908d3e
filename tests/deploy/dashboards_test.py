"""The dashboards as files: what Grafana's own linter asks for, and our own
rules. Whether their queries find anything is tested with a live exporter."""

import itertools
import json
import os
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DASHBOARDS = {path.stem: json.loads(path.read_text())
              for path in sorted((ROOT / "grafana/dashboards").glob("*.json"))}
PROMETHEUS_SERIES = {"up", "scrape_duration_seconds",
                     "scrape_samples_scraped"}


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def expressions(dashboard):
    for panel in panels(dashboard):
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def recorded_series():
    text = (ROOT / "deploy/prometheus/rules/recording.yml").read_text()
    return set(re.findall(r"record: (\S+)", text))


def table_names():
    return set(re.findall(r"`((?:leak|process)_\w+)`",
                          (ROOT / "README.md").read_text()))


def series_in(expression):
    """Names that look like series: before a brace, a bracket or alone."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", expression)
    named = re.findall(r"\b(?:leak|process|scrape|target\w*:leak)_?\w*"
                       r"(?::\w+)*|\bup\b", bare)
    regex = re.search(r'__name__=~"([^"]+)"', expression)
    return set(named) | set(regex[1].split("|") if regex else [])


class DashboardsTest(unittest.TestCase):
    def each(self):
        self.assertTrue(DASHBOARDS)
        return DASHBOARDS.values()

    def test_the_four_are_there(self):
        self.assertEqual(set(DASHBOARDS),
                         {"fleet", "target", "python_heap", "exporter"})

    def test_identity_is_stable_and_unique(self):
        self.assertEqual(len({dashboard["uid"] for dashboard
                              in DASHBOARDS.values()}), len(DASHBOARDS))
        for dashboard in self.each():
            self.assertTrue(dashboard["title"] and dashboard["description"])
            self.assertFalse(dashboard["editable"])
            self.assertEqual(dashboard["tags"], ["leak_exporter"])

    def test_variables(self):
        for dashboard in self.each():
            variables = {variable["name"]: variable for variable
                         in dashboard["templating"]["list"]}
            self.assertEqual(list(variables)[:3],
                             ["datasource", "job", "instance"])
            self.assertIn("target", variables)
            for name in ("job", "instance", "target"):
                variable = variables[name]
                self.assertEqual(variable["label"], name)
                self.assertTrue(variable["multi"])
                self.assertEqual(variable["allValue"], ".+")
                self.assertEqual(variable["refresh"], 2)

    def test_links_keep_time_and_variables(self):
        for dashboard in self.each():
            link, = dashboard["links"]
            self.assertEqual(link["tags"], ["leak_exporter"])
            self.assertTrue(link["includeVars"] and link["keepTime"])

    def test_restarts_are_annotated_where_a_target_is_chosen(self):
        for dashboard in self.each():
            names = [item["name"] for item
                     in dashboard["annotations"]["list"]]
            self.assertIn("Restarts", names)

    def test_panels_explain_themselves(self):
        for dashboard in self.each():
            ids = [panel["id"] for panel in dashboard["panels"]]
            self.assertEqual(len(ids), len(set(ids)))
            for panel in panels(dashboard):
                where = panel["title"]
                self.assertTrue(panel["title"] and panel["description"])
                self.assertTrue(panel["targets"], where)
                self.assertTrue(panel["fieldConfig"]["defaults"]["unit"],
                                where)
                self.assertEqual(panel["datasource"]["uid"], "${datasource}")

    def test_panels_do_not_overlap(self):
        for dashboard in self.each():
            for one, other in itertools.combinations(dashboard["panels"], 2):
                a, b = one["gridPos"], other["gridPos"]
                apart = (a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
                         or a["y"] + a["h"] <= b["y"]
                         or b["y"] + b["h"] <= a["y"])
                self.assertTrue(apart, (one["title"], other["title"]))
                self.assertLessEqual(a["x"] + a["w"], 24)

    def test_queries_follow_the_variables(self):
        for dashboard in self.each():
            for title, expression in expressions(dashboard):
                self.assertIn('job=~"$job"', expression, title)
                self.assertIn('instance=~"$instance"', expression, title)
                for window in re.findall(r"(?:rate|increase)\([^[]*\[([^]]+)",
                                         expression):
                    self.assertEqual(window, "$__rate_interval", title)
                for name in re.findall(r"\w+_total\b", expression):
                    self.assertRegex(expression, rf"(rate|increase)\({name}")

    def test_every_series_exists(self):
        known = table_names() | recorded_series() | PROMETHEUS_SERIES
        for dashboard in self.each():
            for title, expression in expressions(dashboard):
                unknown = series_in(expression) - known
                self.assertFalse(unknown, (title, expression))


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
