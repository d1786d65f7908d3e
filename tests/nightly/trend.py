"""Whether a series of measurements rises, by a line through it."""

import dataclasses
import math


@dataclasses.dataclass
class Trend:
    """What the least-squares line rises from the first measurement to the last,
    and the standard error of that."""
    rise: float
    error: float

    def exceeds(self, bound):
        """Rises by more than the bound, and that is not the noise: a rise
        within three standard errors is not told from none."""
        return self.rise > max(bound, 3 * self.error)


def fit(times, values):
    """The trend of at least three measurements at different times."""
    count = len(times)
    if count < 3:
        raise ValueError(f"{count} measurements have no trend")
    middle, mean = sum(times) / count, sum(values) / count
    spread = sum((time - middle) ** 2 for time in times)
    slope = sum((time - middle) * (value - mean)
                for time, value in zip(times, values)) / spread
    rest = sum((value - mean - slope * (time - middle)) ** 2
               for time, value in zip(times, values))
    duration = max(times) - min(times)
    return Trend(slope * duration,
                 math.sqrt(rest / (count - 2) / spread) * duration)
