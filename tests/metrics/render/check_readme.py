#!/usr/bin/python3
"""Checks that README.md holds the metric reference between its markers.

usage: check_readme.py [--update] METRICS_REFERENCE README
"""

import pathlib
import subprocess
import sys

BEGIN = "<!-- metrics:begin -->\n"
END = "<!-- metrics:end -->\n"


def main(arguments):
    update = arguments[:1] == ["--update"]
    program, readme = arguments[1:] if update else arguments
    reference = subprocess.run(
        [program], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    path = pathlib.Path(readme)
    text = path.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{readme}: no lines {BEGIN.strip()} and {END.strip()}")
    wanted = before + begin + "\n" + reference + "\n" + end + after
    if update:
        path.write_text(wanted)
    elif text != wanted:
        sys.exit(
            f"{readme}: the metric reference differs from the table;"
            " build the target update_readme"
        )


main(sys.argv[1:])
