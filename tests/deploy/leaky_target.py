#!/usr/bin/env python3
"""A process that leaks on command. Reads lines from standard input and answers
each with a line of JSON: `zombies N` leaves N children unreaped, `reap` reaps
them, `grow` lets instances of one class multiply from then on."""

import json
import os
import sys
import threading

INSTANCES_PER_STEP = 4000
MAX_STEPS = 6000
STEP_SECONDS = 0.1


class Request:
    """What is never let go; slots keep its growth in one type."""

    __slots__ = ("number", "body")

    def __init__(self, number):
        self.number = number
        self.body = "x" * 200 + str(number)


def grow(kept, stop):
    for step in range(MAX_STEPS):
        kept.extend(Request(step * INSTANCES_PER_STEP + number)
                    for number in range(INSTANCES_PER_STEP))
        if stop.wait(STEP_SECONDS):
            return


def leave_zombies(count):
    pids = []
    for _ in range(count):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        pids.append(pid)
    return pids


def main():
    kept, stop, zombies = [], threading.Event(), []
    print(json.dumps({"pid": os.getpid()}), flush=True)
    for line in sys.stdin:
        command, *arguments = line.split()
        if command == "zombies":
            zombies += leave_zombies(int(arguments[0]))
            answer = zombies
        elif command == "reap":
            answer = [os.waitpid(pid, 0)[0] for pid in zombies]
            zombies = []
        else:
            threading.Thread(target=grow, args=(kept, stop),
                             daemon=True).start()
            answer = "growing"
        print(json.dumps(answer), flush=True)
    stop.set()


if __name__ == "__main__":
    main()
