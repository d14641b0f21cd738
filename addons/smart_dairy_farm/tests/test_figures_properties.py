"""What must hold for any herd. Needs hypothesis: run with pytest; Odoo's own runner leaves this file out."""

import math

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo.tests import BaseCase

from ..figures import lactation, milk

# a busy machine is no wrong figure
settings.register_profile("figures", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("figures")

kilograms = st.floats(0, 80, allow_nan=False)
percent = st.floats(0.5, 15, allow_nan=False)
test_days = st.lists(st.integers(0, 305), min_size=1, max_size=30, unique=True)
tests = st.lists(st.tuples(st.integers(0, 305), kilograms), min_size=1, max_size=30, unique_by=lambda t: t[0])


class TestProperties(BaseCase):
    @given(test_days, st.floats(0.1, 80))
    def test_constant_yield_gives_305_days_of_it(self, days, y):
        self.assertTrue(math.isclose(lactation.tim([(day, y) for day in days]), 305 * y, rel_tol=1e-12))

    @given(tests, st.data())
    def test_duplicate_test_days_change_nothing(self, given_tests, data):
        again = data.draw(st.lists(st.sampled_from(given_tests), max_size=10))
        self.assertEqual(lactation.tim(given_tests + again), lactation.tim(given_tests))

    @given(tests)
    def test_yield_lies_between_least_and_most(self, given_tests):
        amounts = [kg for _day, kg in given_tests]
        total = lactation.tim(given_tests)
        self.assertLessEqual(305 * min(amounts) - 1e-6, total)
        self.assertGreaterEqual(305 * max(amounts) + 1e-6, total)

    @given(kilograms)
    def test_standard_milk_corrects_to_itself(self, kg):
        self.assertTrue(math.isclose(milk.fcm(kg, 4.0), kg, abs_tol=1e-9))
        self.assertTrue(math.isclose(milk.ecm_ifcn(kg, 4.0, 3.3), kg, rel_tol=1e-4, abs_tol=1e-9))

    @given(kilograms, percent, st.floats(0.5, 10))
    def test_corrected_milk_grows_with_fat(self, kg, fat, protein):
        self.assertLessEqual(milk.ecm_ifcn(kg, fat, protein), milk.ecm_ifcn(kg, fat + 0.1, protein))
        self.assertLessEqual(milk.fcm(kg, fat), milk.fcm(kg, fat + 0.1))

    @given(st.floats(1, 9_999_000))
    def test_doubling_cells_adds_one_to_the_score(self, cells):
        self.assertAlmostEqual(milk.scs(2 * cells), milk.scs(cells) + 1)

    @given(st.floats(0.1, 40), st.floats(0.01, 0.4), st.floats(0.001, 0.01), st.integers(1, 305))
    def test_no_day_above_the_peak(self, a, b, c, day):
        self.assertLessEqual(lactation.wood(day, a, b, c), lactation.wood_peak_yield(a, b, c) * (1 + 1e-12))
