"""The worked numbers of the figures; properties in ``test_figures_properties.py``."""

from datetime import date

from odoo.tests import BaseCase

from ..figures import climate, herd, lactation, milk

# calving 2009-12-17 counted as day 1: tests 2010-01-10 and 2010-02-12 (kg, g/kg fat, g/kg protein)
CALVING = date(2009, 12, 17)
TESTS = [(date(2010, 1, 10), 27.4, 37.2, 29.1), (date(2010, 2, 12), 42.2, 36.4, 27.9)]
EIGHT_TESTS = list(
    zip(
        (27, 64, 98, 132, 174, 209, 244, 279),
        (23.6, 23.1, 23.7, 24.1, 25.9, 25.4, 24.8, 22.8),
        strict=True,
    )
)


class TestLactationFigures(BaseCase):
    def test_icar_example_counts_from_day_one(self):
        # the day of calving is day 1 and has milk of its own: the first interval is 25 days, not 24
        days = [herd.days_in_milk(day, CALVING, 1) for day, *_ in TESTS]
        self.assertEqual(days, [25, 58])
        kg = [day[1] for day in TESTS]
        fat = [day[1] * day[2] for day in TESTS]  # g a day
        protein = [day[1] * day[3] for day in TESTS]
        to_last = {"to_end": False}
        self.assertAlmostEqual(25 * fat[0], 25_482, 0)
        self.assertAlmostEqual(lactation.tim(list(zip(days, kg, strict=True)), **to_last), 1_833.4, 1)
        self.assertAlmostEqual(lactation.tim(list(zip(days, fat, strict=True)), **to_last), 67_645.4, 1)
        self.assertAlmostEqual(lactation.tim(list(zip(days, protein, strict=True)), **to_last), 52_516.4, 1)

    def test_averaging_percentages_would_be_wrong(self):
        days = [25, 58]
        wrong = 25 * 27.4 * 37.2 + 33 * (27.4 + 42.2) / 2 * (37.2 + 36.4) / 2
        self.assertAlmostEqual(wrong, 67_743, 0)
        tests = [(day, kg, fat / 10) for day, (_d, kg, fat, _p) in zip(days, TESTS, strict=True)]
        self.assertAlmostEqual(
            1000 * lactation.tim(lactation.component_tests(tests), to_end=False), 67_645.4, 1
        )

    def test_305_days_of_eight_tests(self):
        self.assertAlmostEqual(lactation.tim(EIGHT_TESTS), 7_361.40, 2)

    def test_repeated_day_and_order_change_nothing(self):
        self.assertEqual(lactation.tim(EIGHT_TESTS[::-1] + EIGHT_TESTS[2:4]), lactation.tim(EIGHT_TESTS))

    def test_dry_off_stops_the_count(self):
        self.assertAlmostEqual(lactation.tim([(100, 10.0), (250, 10.0)], last_day=200), 2000)

    def test_nothing_known(self):
        self.assertIsNone(lactation.tim([]))
        self.assertIsNone(lactation.tim([(10, None)]))

    def test_wood(self):
        a, b, c = 15.2317, 0.1029, 0.0015
        self.assertAlmostEqual(lactation.wood_peak_day(b, c), 68.6, 1)
        self.assertAlmostEqual(lactation.wood_peak_yield(a, b, c), 21.23, 2)
        self.assertAlmostEqual(lactation.wood_total(a, b, c), 6022, 0)
        self.assertEqual(lactation.wood(0, a, b, c), 0)

    def test_parity_group(self):
        self.assertEqual([lactation.parity_group(p) for p in (0, 1, 2, 3, 9)], ["1", "1", "2", "3", "3"])


class TestMilkFigures(BaseCase):
    def test_fcm(self):
        self.assertAlmostEqual(milk.fcm(20, 3.5), 18.5)
        self.assertAlmostEqual(milk.fcm(20, 4), 20)

    def test_ecm(self):
        self.assertAlmostEqual(milk.ecm_ifcn(30, 4.2, 3.4), 30.97, 2)
        self.assertAlmostEqual(milk.ecm_ifcn(30, 4.0, 3.3), 30, 3)
        self.assertAlmostEqual(milk.ecm_nordic(6.041, 4.96, 4.09), 7.061159, 6)

    def test_scs(self):
        for cells, score in ((12_500, 0), (100_000, 3), (800_000, 6)):
            self.assertAlmostEqual(milk.scs(cells), score)
        for unknown in (0, None, False):
            self.assertIsNone(milk.scs(unknown))

    def test_unknown_components_stay_unknown(self):
        self.assertIsNone(milk.fcm(20, None))
        self.assertIsNone(milk.ecm_ifcn(20, None, 3.3))
        self.assertIsNone(milk.ecm_nordic(20, 4.0, None))

    def test_snf(self):
        self.assertAlmostEqual(milk.snf(28, 4.0, 0.44), 8.44)

    def test_geometric_mean(self):
        self.assertAlmostEqual(milk.geometric_mean([100_000, 400_000, 0, None]), 200_000)
        self.assertIsNone(milk.geometric_mean([]))

    def test_litres_are_lighter_than_kilograms(self):
        self.assertAlmostEqual(milk.litres(103, 1.03), 100)


class TestHerdFigures(BaseCase):
    def test_thi(self):
        for temperature, humidity, value in ((25, 50, 71.78), (30, 80, 82.92), (35, 60, 86.86)):
            self.assertAlmostEqual(climate.thi(temperature, humidity), value, 2)

    def test_reproduction_rates(self):
        rates = herd.reproduction_rates([(50, 30, 12)])
        self.assertEqual(rates, {"service": 0.6, "conception": 0.4, "pregnancy": 0.24})

    def test_reproduction_rates_add_before_dividing(self):
        # two cows: 1 of 1 and 1 of 4 are 2 of 5, not the mean of 100 % and 25 %
        self.assertEqual(herd.reproduction_rates([(1, 1, 1), (4, 4, 1)])["pregnancy"], 0.4)
        self.assertEqual(
            herd.reproduction_rates([]), {"service": None, "conception": None, "pregnancy": None}
        )

    def test_average_herd(self):
        first, last = date(2026, 1, 1), date(2026, 1, 10)
        stays = [(date(2025, 1, 1), None), (date(2026, 1, 6), None), (date(2025, 1, 1), date(2026, 1, 3))]
        self.assertAlmostEqual(herd.average_herd(stays, first, last), (10 + 5 + 2) / 10)
        with self.assertRaises(ValueError):
            herd.average_herd(stays, last, first)

    def test_dry_cows_are_not_in_the_denominator(self):
        self.assertIsNone(herd.yield_per_cow(0, 0))
        self.assertEqual(herd.yield_per_cow(16, 2), 8)

    def test_days_in_milk(self):
        self.assertEqual(herd.days_in_milk(CALVING, CALVING), 0)
        self.assertEqual(herd.days_in_milk(CALVING, CALVING, 1), 1)

    def test_lactation_status(self):
        calved = date(2026, 1, 1)

        def status(day, **kw):
            return herd.lactation_status(day, calved, **kw)

        self.assertEqual(herd.lactation_status(calved, None), "none")
        self.assertEqual(status(date(2025, 12, 31)), "none")
        self.assertEqual(status(calved), "fresh")
        self.assertEqual(status(date(2026, 1, 22)), "fresh")
        self.assertEqual(status(date(2026, 1, 23)), "early")
        self.assertEqual(status(date(2026, 4, 12)), "lactating")
        dried = {"dry_off_date": date(2026, 11, 1)}
        self.assertEqual(status(date(2026, 11, 1), **dried), "lactating")
        self.assertEqual(status(date(2026, 11, 2), **dried), "dry")
        due = {**dried, "due_date": date(2026, 12, 31)}
        self.assertEqual(status(date(2026, 12, 9), **due), "dry")
        self.assertEqual(status(date(2026, 12, 10), **due), "lead")
        self.assertEqual(status(date(2026, 2, 1), end_date=date(2026, 2, 1)), "none")
