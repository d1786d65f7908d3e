"""Writes the table of which version of Python first took a character for printable.

usage: make_printable.py CACHE > metrics/cpython/repr/printable_table.inc
"""

import os
import subprocess
import sys

import interpreters

HERE = os.path.dirname(os.path.abspath(__file__))
HEADER = """// From which minor version of Python 3 on str.isprintable() holds, up to the next
// row's first code point (255: never), as these versions themselves answered
// tests/integration/python/make_printable.py:
// %s
"""
NEVER = 255


def ask(interpreter):
    """(minor, [(first, last)])"""
    folder, _ = interpreters.install(interpreter, HERE, "leak_exporter_printable")
    shown = subprocess.run(interpreter.command + ["-c", "import sys; print('%d %d %d' % sys.version_info[:3])"],
                           check=True, stdout=subprocess.PIPE)
    version = tuple(map(int, shown.stdout.split()))
    if version[0] < 3:
        return version, []
    answer = subprocess.run(interpreter.command + ["-B", os.path.join(folder, "list_printable.py")], check=True,
                            stdout=subprocess.PIPE)
    return version, [tuple(int(code, 16) for code in line.split()) for line in answer.stdout.decode().splitlines()]


def main():
    found, missing = interpreters.find(sys.argv[1])
    answers = sorted(answer for answer in map(ask, found) if answer[1])
    sys.stderr.write("not asked: %s\n" % ("; ".join(missing) or "nothing"))
    since = bytearray([NEVER]) * (0x110000 + 1)
    for (_, minor, _), ranges in reversed(answers):
        for first, last in ranges:
            since[first:last + 1] = bytes([minor]) * (last + 1 - first)
    sys.stdout.write(HEADER % " ".join("%d.%d.%d" % version for version, _ in answers))
    row = ""
    oldest = answers[0][0][1]
    print("constexpr uint32_t kOldestMinor = %d;" % oldest)
    print("constexpr uint32_t kNewestMinor = %d;" % answers[-1][0][1])
    print("constexpr Printable kTable[] = {")
    for code in range(0x110000):
        if code and since[code] == since[code - 1]:
            continue
        entry = "{0x%x, %d}," % (code, 0 if since[code] == oldest else since[code])
        if len(row) + len(entry) > 79:
            print(row.rstrip())
            row = ""
        row += entry + " "
    print(row.rstrip())
    print("};")


if __name__ == "__main__":
    main()
