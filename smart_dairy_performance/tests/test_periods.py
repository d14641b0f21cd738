from datetime import date, datetime, timedelta
from itertools import pairwise

import pytz
from hypothesis import given, settings
from hypothesis import strategies as st
from odoo.tests import BaseCase

from ..queries.periods import GRAINS, ONE_DAY, Period, PeriodError, business_day, day_start_utc

ZONES = st.sampled_from(
    [
        "UTC",
        "Asia/Dhaka",
        "Asia/Kathmandu",
        "Europe/Paris",
        "America/New_York",
        "Pacific/Apia",
        "Asia/Beirut",
        "America/Havana",
        "Australia/Lord_Howe",
        "America/Sao_Paulo",
    ]
)
DAYS = st.dates(date(1990, 1, 1), date(2036, 1, 1))


class TestPeriods(BaseCase):
    @settings(max_examples=300, deadline=None)
    @given(moment=st.datetimes(datetime(1990, 1, 2), datetime(2036, 1, 1)), zone=ZONES)
    def test_every_moment_lies_in_exactly_its_day(self, moment, zone):
        day = business_day(moment, zone)
        self.assertLessEqual(day_start_utc(day, zone), moment)
        self.assertLess(moment, day_start_utc(day + ONE_DAY, zone))
        self.assertEqual(day, pytz.utc.localize(moment).astimezone(pytz.timezone(zone)).date())

    @settings(max_examples=100, deadline=None)
    @given(first=DAYS, days=st.integers(1, 400), zone=ZONES)
    def test_days_follow_each_other_without_gap(self, first, days, zone):
        period = Period(first, first + timedelta(days=days - 1))
        starts = period.day_starts_utc(zone)
        self.assertEqual(len(starts), period.days)
        self.assertEqual(starts, sorted(starts))
        self.assertEqual(period.utc_range(zone)[0], starts[0])
        previous = period.previous()
        self.assertEqual((previous.days, previous.last), (days, first - ONE_DAY))
        self.assertEqual(previous.utc_range(zone)[1], starts[0])

    @settings(max_examples=200, deadline=None)
    @given(first=DAYS, days=st.integers(1, 400), zone=ZONES, part=st.floats(0, 0.9999))
    def test_segments_give_every_moment_its_day(self, first, days, zone, part):
        period = Period(first, first + timedelta(days=days - 1))
        start, end = period.utc_range(zone)
        moment = start + (end - start) * part
        for until, shift, last in period.segments(zone):
            if moment < until:
                day = min((moment + shift).date(), last)
                break
        self.assertEqual(day, business_day(moment, zone))

    @settings(max_examples=200, deadline=None)
    @given(first=DAYS, days=st.integers(1, 900), grain=st.sampled_from(sorted(GRAINS)))
    def test_steps_are_whole_but_at_the_ends(self, first, days, grain):
        period = Period(first, first + timedelta(days=days - 1))
        steps = period.steps(grain)

        def begins(day):
            return grain == "day" or day.day in ((1, 11, 21) if grain == "dekad" else (1,))

        self.assertEqual((steps[0].first, steps[-1].last), (period.first, period.last))
        self.assertEqual(sum(step.days for step in steps), days)
        for step in steps:
            inner = [step.first + timedelta(days=n) for n in range(1, step.days)]
            self.assertFalse([day for day in inner if begins(day)])
        for before, step in pairwise(steps):
            self.assertEqual(step.first, before.last + ONE_DAY)
            self.assertTrue(begins(step.first))

    def test_grain_follows_the_length(self):
        first = date(2026, 1, 1)
        grains = [Period(first, first + timedelta(days=n - 1)).grain for n in (1, 92, 93, 1100, 1101)]
        self.assertEqual(grains, ["day", "day", "dekad", "dekad", "month"])

    def test_segments_change_with_the_clocks(self):
        year = Period(date(2025, 1, 1), date(2025, 12, 31))
        self.assertEqual(len(year.segments("Asia/Dhaka")), 1)
        self.assertLessEqual(len(year.segments("Europe/Paris")), 3)

    def test_midnight_that_does_not_exist(self):
        # Beirut, 31 March 2024: clocks go from 00:00 to 01:00
        self.assertEqual(day_start_utc(date(2024, 3, 31), "Asia/Beirut"), datetime(2024, 3, 30, 22))

    def test_midnight_that_exists_twice(self):
        # Havana, 3 November 2024: clocks go from 01:00 back to 00:00; the day is 25 hours long
        start, end = Period(date(2024, 11, 3), date(2024, 11, 3)).utc_range("America/Havana")
        self.assertEqual((start, end), (datetime(2024, 11, 3, 4), datetime(2024, 11, 4, 5)))

    def test_what_a_date_may_look_like(self):
        for value in (
            date(2026, 3, 1),
            "2026-03-01",
            " 2026-03-01 ",
            datetime(2026, 2, 28, 18),
            "2026-02-28 18:00:00",
        ):
            self.assertEqual(business_day(value, "Asia/Dhaka"), date(2026, 3, 1), value)

    def test_what_is_no_date(self):
        for value in (None, False, "", "soon", "2026-02-30", 20260301, [], "01/03/2026"):
            with self.assertRaises(PeriodError):
                business_day(value, "UTC")

    def test_unusable_ranges(self):
        for first, last, reason in (
            ("2026-03-02", "2026-03-01", "order"),
            ("1926-03-02", "2026-12-01", "length"),
            ("0001-01-01", "0001-01-01", "length"),
            ("9999-12-31", "9999-12-31", "length"),
        ):
            with self.assertRaises(PeriodError) as caught:
                Period.parse(first, last, "UTC")
            self.assertEqual(caught.exception.reason, reason)
