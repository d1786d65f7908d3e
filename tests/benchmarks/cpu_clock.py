"""The CPU clock of another process, in nanoseconds' resolution."""

import time

# CPUCLOCK_SCHED: what the scheduler accounts, of all threads, ended ones too.
CPUCLOCK_SCHED = 2


def seconds(pid):
    """CPU time that a process has used (the clock id of
    clock_getcpuclockid(3): the pid's complement and the kind of clock)."""
    return time.clock_gettime((~pid) << 3 | CPUCLOCK_SCHED)
