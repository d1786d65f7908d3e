#!/usr/bin/env python3
"""A main process with Python workers that do not hold the same number of
objects of one class. usage: workers.py fork|spawn|forkserver|shell NUMBER...
The worker with index i holds the i-th NUMBER of objects. Prints one line of
JSON with the pids of the workers when all stand, and ends with them when its
standard input closes. The line "grow INDEX NUMBER" has a worker that is not a
shell's hold so many more."""

import json
import multiprocessing
import os
import pathlib
import subprocess
import sys


class Held:
    pass


def hold(number, ready):
    kept = [Held() for _ in range(number)]
    ready.send(os.getpid())
    try:
        while True:
            kept.extend(Held() for _ in range(ready.recv()))
            ready.send(len(kept))
    except EOFError:
        # The main process has ended.
        pass


def start_pool(method, numbers):
    context = multiprocessing.get_context(method)
    workers = []
    for number in numbers:
        ours, theirs = context.Pipe()
        worker = context.Process(target=hold, args=(number, theirs),
                                 daemon=True)
        worker.start()
        workers.append((ours.recv(), worker, ours, theirs))
    return workers


def start_shell(numbers):
    """The workers are children of a shell, which is no Python."""
    here = pathlib.Path(__file__).resolve().parent / "python_target.py"
    commands = " & ".join(f"{sys.executable} {here} {number} <&3 >&4"
                          for number in numbers)
    reading, writing = os.pipe()
    shell = subprocess.Popen(
        ["sh", "-c", f"exec 3<&0 4>&{writing}; {commands} & wait"],
        stdin=subprocess.PIPE, pass_fds=(writing,))
    os.close(writing)
    facts = sorted(read_facts(reading, len(numbers)),
                   key=lambda fact: fact["markers"])
    return [(fact["pid"], shell) for fact in facts]


def read_facts(reading, number):
    """What so many programs print, each a map in JSON, into one pipe. What
    ends their lines may come late."""
    decoder = json.JSONDecoder()
    facts = []
    text = ""
    while len(facts) < number:
        try:
            fact, end = decoder.raw_decode(text)
        except json.JSONDecodeError:
            text += os.read(reading, 4096).decode()
        else:
            facts.append(fact)
            text = text[end:]
        text = text.lstrip()
    return facts


def main():
    method, numbers = sys.argv[1], list(map(int, sys.argv[2:]))
    workers = (start_shell(numbers) if method == "shell"
               else start_pool(method, numbers))
    print(json.dumps({"workers": [worker[0] for worker in workers]}),
          flush=True)
    for line in sys.stdin:
        _, index, number = line.split()
        connection = workers[int(index)][2]
        connection.send(int(number))
        print(json.dumps(connection.recv()), flush=True)
    if method == "shell":
        workers[0][1].stdin.close()
        workers[0][1].wait()


if __name__ == "__main__":
    main()
