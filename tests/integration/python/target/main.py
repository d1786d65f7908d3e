"""The oracle: builds the zoo, writes its own census to standard output and waits for the end of
standard input. usage: main.py [OBJECTS], where OBJECTS more of plain things are made."""

import gc
import os
import sys

import census
import zoo


def main():
    gc.disable()
    samples = zoo.build(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    census.take_when_settled(samples)
    # What the zoo holds complains when it is torn down half finished.
    os._exit(0)


if __name__ == "__main__":
    main()
