"""How much of the fuzzing that is asked for is done, by the committed log.

The log has a line for each run of a fuzzer. What is asked of a fuzzer depends
on its speed: so many executions of a fast one, so much CPU time of a slow one.
"""

import dataclasses

FAST_PER_SECOND = 5_000
EXECUTIONS = 10_000_000
CPU_SECONDS = 2 * 3600
COLUMNS = ("date", "commit", "fuzzer", "executions", "cpu_seconds",
           "executions_per_second", "findings")


@dataclasses.dataclass
class Sum:
    """What all runs of one fuzzer come to."""
    executions: int = 0
    cpu_seconds: float = 0.0
    findings: int = 0

    @property
    def per_second(self):
        return self.executions / self.cpu_seconds if self.cpu_seconds else 0.0

    @property
    def is_fast(self):
        return self.per_second > FAST_PER_SECOND

    @property
    def missing_executions(self):
        """Of a fast fuzzer; 0 of a slow one."""
        return max(0, EXECUTIONS - self.executions) if self.is_fast else 0

    @property
    def missing_seconds(self):
        """CPU time until the goal, at the speed so far."""
        if self.is_fast:
            return self.missing_executions / self.per_second
        return max(0.0, CPU_SECONDS - self.cpu_seconds)

    def __str__(self):
        if self.is_fast:
            missing = f"{self.missing_executions:,} executions"
        else:
            missing = f"{self.missing_seconds:,.0f} s of CPU"
        if self.missing_seconds <= 0:
            missing = "nothing"
        return (f"{self.executions:>13,} executions {self.cpu_seconds:>8,.0f} s"
                f" {self.per_second:>9,.0f}/s {self.findings:>3} findings,"
                f" missing: {missing}")


def line(date, commit, fuzzer, run):
    """A run as the log's line."""
    return "\t".join((date, commit, fuzzer, str(run.executions),
                      f"{run.cpu_seconds:.2f}", f"{run.per_second:.0f}",
                      str(run.findings))) + "\n"


def read(path, fuzzers):
    """The sum of each of the fuzzers. A line that is none is an error."""
    sums = {fuzzer: Sum() for fuzzer in fuzzers}
    lines = path.read_text().splitlines()
    if not lines or tuple(lines[0].split("\t")) != COLUMNS:
        raise ValueError(f"{path}:1: not the columns {' '.join(COLUMNS)}")
    for number, text in enumerate(lines[1:], start=2):
        fields = text.split("\t")
        if len(fields) != len(COLUMNS):
            raise ValueError(f"{path}:{number}: {len(fields)} columns")
        run = dict(zip(COLUMNS, fields))
        if run["fuzzer"] not in sums:
            continue  # A fuzzer of former days.
        of_fuzzer = sums[run["fuzzer"]]
        of_fuzzer.executions += int(run["executions"])
        of_fuzzer.cpu_seconds += float(run["cpu_seconds"])
        of_fuzzer.findings += int(run["findings"])
    return sums
