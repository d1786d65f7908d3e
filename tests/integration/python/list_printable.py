"""Prints the ranges of code points for which str.isprintable() holds, one `first last` a line, as hexadecimal."""

import sys


def main():
    start = None
    for code in range(sys.maxunicode + 2):
        printable = code <= sys.maxunicode and chr(code).isprintable()
        if printable and start is None:
            start = code
        elif not printable and start is not None:
            print("%x %x" % (start, code - 1))
            start = None


if __name__ == "__main__":
    main()
