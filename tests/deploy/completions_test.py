"""Completions offer the flags and commands that --help lists, no more, no less."""

import os
import pathlib
import re
import subprocess
import unittest

COMPLETIONS = pathlib.Path(__file__).resolve().parents[2] / "deploy/completions"


def help_text():
    return subprocess.run([os.environ["LEAK_EXPORTER"], "--help"], check=True,
                          capture_output=True, text=True).stdout


def flags_of_help():
    return set(re.findall(r"^  (?:-h, )?--([a-z][\w.-]*)", help_text(), re.M))


def commands_of_help():
    section = help_text().partition("\nCommands:\n")[2].partition("\n\n")[0]
    return set(re.findall(r"^  ([a-z][\w-]*)", section, re.M))


def offered_by_bash(word):
    return subprocess.run(
        ["bash", "-c", f"source {COMPLETIONS}/leak_exporter.bash; "
         f"COMP_WORDS=(leak_exporter '{word}') COMP_CWORD=1; _leak_exporter "
         "2>/dev/null; printf '%s\\n' \"${COMPREPLY[@]}\""],
        check=True, capture_output=True, text=True).stdout


class CompletionsTest(unittest.TestCase):
    def found(self, name, pattern):
        return set(re.findall(pattern, (COMPLETIONS / name).read_text(),
                              re.M))

    def test_bash(self):
        self.assertEqual(
            set(re.findall(r"^--([\w.-]+)", offered_by_bash("-"), re.M)),
            flags_of_help())
        self.assertEqual(
            set(re.findall(r"^([a-z][\w-]*)", offered_by_bash(""), re.M)),
            commands_of_help())

    def test_zsh(self):
        self.assertEqual(self.found("leak_exporter.zsh",
                                    r"'\*?--([\w.-]+)[=\[]"),
                         flags_of_help())
        self.assertEqual(self.found("leak_exporter.zsh", r"([\w-]+)\\:"),
                         commands_of_help())

    def test_fish(self):
        self.assertEqual(self.found("leak_exporter.fish", r"^complete .* -l ([\w.-]+)"),
                         flags_of_help())
        self.assertEqual(
            self.found("leak_exporter.fish",
                       r"^complete .*not __fish_seen_subcommand.* -a (\S+)"),
            commands_of_help())


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
