"""Completions offer the flags that --help lists, no more and no less."""

import os
import pathlib
import re
import subprocess
import unittest

COMPLETIONS = pathlib.Path(__file__).resolve().parents[2] / "deploy/completions"


def flags_of_help():
    text = subprocess.run([os.environ["LEAK_EXPORTER"], "--help"], check=True,
                          capture_output=True, text=True).stdout
    return set(re.findall(r"^  (?:-h, )?--([a-z][\w.-]*)", text, re.M))


class CompletionsTest(unittest.TestCase):
    def flags(self, name, pattern):
        return set(re.findall(pattern, (COMPLETIONS / name).read_text(),
                              re.M))

    def test_bash(self):
        offered = subprocess.run(
            ["bash", "-c", f"source {COMPLETIONS}/leak_exporter.bash; "
             "COMP_WORDS=(leak_exporter -) COMP_CWORD=1; _leak_exporter "
             "2>/dev/null; printf '%s\\n' \"${COMPREPLY[@]}\""],
            check=True, capture_output=True, text=True).stdout
        self.assertEqual(set(re.findall(r"^--([\w.-]+)", offered, re.M)),
                         flags_of_help())

    def test_zsh(self):
        self.assertEqual(self.flags("leak_exporter.zsh",
                                    r"'\*?--([\w.-]+)[=\[]"),
                         flags_of_help())

    def test_fish(self):
        self.assertEqual(self.flags("leak_exporter.fish", r"^complete .* -l ([\w.-]+)"),
                         flags_of_help())


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
