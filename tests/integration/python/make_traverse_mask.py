"""Writes the table of what each C type's tp_traverse visits, and what each C module's m_traverse visits of
its state, from what the interpreters themselves say.

usage: make_traverse_mask.py CACHE > metrics/cpython/layout/traverse_mask_table.inc
"""

import collections
import os
import subprocess
import sys

import interpreters

HERE = os.path.dirname(os.path.abspath(__file__))
HEADER = """// Which words of an instance a C type's tp_traverse visits, and which of its
// state a C module's m_traverse, as the interpreters themselves answered
// tests/integration/python/make_traverse_mask.py:
%s
// tp_name, first and last version, size of an instance (of the state), words
// (bit n: the one at 8 * n).
"""


def ask(interpreter):
    """(version, {(tp_name, basic size): mask or "follows"}) without what a base says already."""
    folder, copy = interpreters.install(interpreter, HERE, "leak_exporter_probe")
    shown = subprocess.run(interpreter.command + ["-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"],
                           check=True, stdout=subprocess.PIPE)
    version = shown.stdout.decode().strip()
    # 2.7's modules have no state.
    scripts = ["probe_traverse.py"] + (["probe_modules.py"] if version >= "3" else [])
    rows = []
    for script in scripts:
        answer = subprocess.run(interpreter.command + ["-B", os.path.join(folder, script)], check=True,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=600)
        rows.extend(line.split("\t") for line in answer.stdout.decode().splitlines())
    masks = {(name, int(size)): mask for name, size, mask, _ in rows}
    said = {(name, int(size)): mask for name, size, mask, base in rows
            if not base or masks.get((base, int(size))) != mask}
    return version, said


def merge(answers):
    """{(tp_name, basic size): {minor: mask}}; where micro versions differ nothing is known."""
    merged = collections.defaultdict(dict)
    for version, masks in answers:
        major, minor = map(int, version.split(".")[:2])
        for key, mask in masks.items():
            merged[key].setdefault(major * 100 + minor, set()).add(mask)
    return {key: {minor: masks.pop() if len(masks) == 1 else "follows" for minor, masks in by_minor.items()}
            for key, by_minor in merged.items()}


def rows(merged, minors):
    """Runs of versions that agree."""
    for (name, size), by_minor in sorted(merged.items()):
        run = []
        for minor in minors + [None]:
            mask = by_minor.get(minor) if minor else None
            if run and (mask != run[-1][1] or mask is None):
                if run[-1][1] != "follows":
                    yield name, run[0][0], run[-1][0], size, run[-1][1]
                run = []
            if mask is not None:
                run.append((minor, mask))


def main():
    found, missing = interpreters.find(sys.argv[1])
    sys.stderr.write("asked: %s; not: %s\n" % (", ".join(i.name for i in found), "; ".join(missing) or "nothing"))
    answers = [ask(interpreter) for interpreter in found]
    versions = sorted({version for version, _ in answers}, key=lambda v: list(map(int, v.split("."))))
    minors = sorted({int(v.split(".")[0]) * 100 + int(v.split(".")[1]) for v in versions})
    half = (len(versions) + 1) // 2
    lines = ["// " + " ".join(part) for part in [versions[:half], versions[half:]] if part]
    sys.stdout.write(HEADER % "\n".join(lines))
    for name, first, last, size, mask in rows(merge(answers), minors):
        print('{"%s", %d, %d, %d, %s},' % (name, first, last, size, mask))


if __name__ == "__main__":
    main()
