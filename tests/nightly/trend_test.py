"""What counts as a rise."""

import random
import unittest

import trend


class TrendTest(unittest.TestCase):
    def test_a_line_is_found_exactly(self):
        line = trend.fit(range(100), [5 + 2 * time for time in range(100)])
        self.assertAlmostEqual(line.rise, 198)
        self.assertAlmostEqual(line.error, 0)
        self.assertTrue(line.exceeds(197))
        self.assertFalse(line.exceeds(199))

    def test_noise_is_no_rise_and_hides_none(self):
        noise = random.Random(1)
        flat = [noise.gauss(1000, 100) for _ in range(300)]
        self.assertFalse(trend.fit(range(300), flat).exceeds(0))
        rising = [value + time for time, value in enumerate(flat)]
        self.assertTrue(trend.fit(range(300), rising).exceeds(200))

    def test_a_fall_is_no_rise(self):
        self.assertFalse(trend.fit([1, 2, 3, 4], [9, 7, 5, 3]).exceeds(0))

    def test_two_measurements_have_no_trend(self):
        with self.assertRaises(ValueError):
            trend.fit([1, 2], [1, 2])


if __name__ == "__main__":
    unittest.main(verbosity=2)
