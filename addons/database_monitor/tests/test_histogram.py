import random
from math import ceil

from odoo.addons.database_monitor.engine.histogram import GOAL, HIGHEST, LOWEST, Histogram, bucket, middle
from odoo.tests import BaseCase, tagged

BOUND = 2 ** (1 / 16) - 1


@tagged("post_install", "-at_install")
class TestHistogram(BaseCase):
    def test_buckets(self):
        self.assertEqual(bucket(GOAL), 0)
        self.assertEqual(bucket(0.0499999), -1)
        self.assertEqual(bucket(2 * GOAL), 8)
        self.assertEqual(bucket(0), LOWEST)
        self.assertEqual(bucket(1e-9), LOWEST)
        self.assertEqual(bucket(1e9), HIGHEST)
        for number in (-40, 0, 17):
            self.assertEqual(bucket(middle(number)), number)

    def test_quantiles_against_sorting(self):
        """On three distributions the quantiles are within 4.5 % of the sorted list's, the share exact."""
        draw = random.Random(19)
        for durations in (
            [draw.lognormvariate(-6, 1.5) for _i in range(20000)],
            [draw.uniform(0.001, 0.2) for _i in range(5000)],
            [draw.choice((0.0004, 0.02, 1.7)) for _i in range(999)],
        ):
            histogram = Histogram()
            histogram.add(durations)
            ordered = sorted(durations)
            for share in (0.5, 0.9, 0.99):
                true = ordered[ceil(share * len(ordered)) - 1]
                self.assertLess(abs(histogram.quantile(share) / true - 1), BOUND + 1e-9, (share, true))
            under = sum(one < GOAL for one in durations) / len(durations)
            self.assertEqual(histogram.under_goal(), under)
            self.assertLessEqual(histogram.quantile(1), max(durations))

    def test_merging_is_adding(self):
        draw = random.Random(6)
        durations = [draw.lognormvariate(-5, 1) for _i in range(3000)]
        whole, parts = Histogram(), [Histogram() for _i in range(7)]
        whole.add(durations)
        for index, seconds in enumerate(durations):
            parts[index % 7].add([seconds])
        draw.shuffle(parts)
        merged = Histogram()
        for part in parts:
            merged.merge(Histogram.from_json(part.to_json()))
        self.assertEqual(merged.counts, whole.counts)
        self.assertEqual(merged.maximum, whole.maximum)
        self.assertAlmostEqual(merged.total, whole.total, 9)

    def test_empty(self):
        empty = Histogram()
        self.assertEqual(
            (empty.calls, empty.mean, empty.quantile(0.9), empty.under_goal()), (0, None, None, None)
        )
