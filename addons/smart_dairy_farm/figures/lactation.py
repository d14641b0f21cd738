"""Yield of a lactation: Test Interval Method (ICAR) and the expectation by Wood's curve."""

from itertools import pairwise
from math import exp

STANDARD_DAYS = 305


def _clean(tests, until):
    """Sort by day and keep one test per day (the last given), none after ``until``."""
    by_day = {}
    for day, value in tests:
        if value is not None and day <= until:
            by_day[day] = value
    return sorted(by_day.items())


def tim(tests, last_day=STANDARD_DAYS, to_end=True, from_calving=True):
    """Yield by the Test Interval Method: I₀M₁ + Σ Iᵢ(Mᵢ+Mᵢ₊₁)/2 + IₙMₙ (ICAR Section 2, procedure 2).

    The same function gives fat and protein when the tests carry component **kg** (or g) a day. Averaging
    percentages over an interval gives another, wrong number.

    The first interval is the first test's days in milk, as the farm counts them: where the day of calving is
    day 1 (France) it has milk of its own, where it is day 0 (ICAR) it has none. Either way a constant y gives
    exactly 305·y.

    :param tests: pairs (days in milk, amount a day); order does not matter, a repeated day counts once and
        an unknown amount (``None``) is left out
    :param last_day: day in milk at which counting stops: dry-off or 305, whichever is first
    :param to_end: count from the last test to the end (false for yield up to the last test)
    :param from_calving: count from calving to the first test
    :return: amount in the tests' unit, ``None`` without any test in the span
    """
    points = _clean(tests, last_day)
    if not points:
        return None
    total = 0.0
    if from_calving:
        total += points[0][0] * points[0][1]
    for (day, amount), (next_day, next_amount) in pairwise(points):
        total += (next_day - day) * (amount + next_amount) / 2
    if to_end:
        total += (last_day - points[-1][0]) * points[-1][1]
    return total


def component_tests(tests):
    """Turn (day, milk kg, percent) into (day, component kg), leaving out the tests without that component."""
    return [
        (day, milk * percent / 100)
        for day, milk, percent in tests
        if milk is not None and percent is not None
    ]


def wood(day, a, b, c):
    """Expected kg on ``day`` in milk by Wood's curve (Wood 1967): a·tᵇ·e^(−ct); 0 before day 1 if b > 0."""
    if day <= 0:
        return a if b == 0 else 0.0
    return a * day**b * exp(-c * day)


def wood_peak_day(b, c):
    """Day of the curve's peak, b/c."""
    return b / c


def wood_peak_yield(a, b, c):
    """kg a day at the peak."""
    return wood(wood_peak_day(b, c), a, b, c)


def wood_total(a, b, c, first=1, last=STANDARD_DAYS):
    """Expected kg over the days ``first`` to ``last``, both included."""
    return sum(wood(day, a, b, c) for day in range(first, last + 1))


def parity_group(parity):
    """The curve a parity uses: '1', '2' or '3' (third and later)."""
    return str(min(max(parity or 1, 1), 3))
