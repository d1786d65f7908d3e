"""Lets a target hold more and more of what the collector does not track, and compares what is counted from
outside with what it holds; then lets it release all of it.

usage: compare_untracked.py MEASURE_HEAP [--debian CACHE]
"""

import os
import subprocess
import sys

import interpreters

HERE = os.path.dirname(os.path.abspath(__file__))
# Beside what it holds, a step makes and frees objects of its own, and the interpreter keeps some.
SLACK_OBJECTS = 40
SLACK_BYTES = 8000


def untracked(program, pid):
    answer = subprocess.run([program, str(pid), "untracked"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            check=True, timeout=300)
    rows = [line.split("\t") for line in answer.stdout.decode().splitlines()]
    return {row[1]: (int(row[2]), int(row[3])) for row in rows if row[0] == "untracked"}


def steps(program, process):
    """What is wrong after each step."""
    process.stdout.readline()
    before = untracked(program, process.pid)
    first = before
    while True:
        process.stdin.write(b".")
        process.stdin.flush()
        answer = process.stdout.readline().decode().split()
        now = untracked(program, process.pid)
        if answer == ["released"]:
            for name, (number, size) in now.items():
                if abs(number - first[name][0]) > SLACK_OBJECTS or abs(size - first[name][1]) > SLACK_BYTES:
                    yield "released, and still %d %s" % (number - first[name][0], name)
            return
        name, number, size = answer[0], int(answer[1]), int(answer[2])
        more = now[name][0] - before[name][0]
        more_bytes = now[name][1] - before[name][1]
        if abs(more - number) > SLACK_OBJECTS or abs(more_bytes - size) > SLACK_BYTES:
            yield "%s: %d objects and %d bytes more, not %d and %d" % (name, more, more_bytes, number, size)
        before = now


def check(program, interpreter):
    folder, _ = interpreters.install(interpreter, os.path.join(HERE, "target"), "leak_exporter_untracked")
    command = interpreter.command + ["-B", "-s", "-E", os.path.join(folder, "untracked.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/") as process:
        wrong = list(steps(program, process))
        process.stdin.close()
    print("%s: %d steps wrong" % (interpreter.name, len(wrong)))
    for text in wrong:
        print("   " + text)
    sys.stdout.flush()
    return not wrong


if __name__ == "__main__":
    interpreters.check_each(check)
