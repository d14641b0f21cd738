"""What a lactation will give: milk so far plus the expected curve, scaled to the cow's own recent level."""

from .lactation import STANDARD_DAYS, tim, wood

#: test days that say at which share of the expectation a cow milks now
RECENT_TESTS = 7


def recent_ratio(tests, curve):
    """Mean of actual ÷ expected kg over the last :data:`RECENT_TESTS` days with milk, or None.

    :param tests: pairs (days since calving, kg), in order of days
    :param curve: (a, b, c) of Wood's curve
    """
    ratios = [kg / wood(day, *curve) for day, kg in tests[-RECENT_TESTS:] if wood(day, *curve) > 0]
    return sum(ratios) / len(ratios) if ratios else None


def project(tests, curve, last_day=STANDARD_DAYS):
    """Expected kg of days 0 to ``last_day``: Test Interval Method to the last test, then the scaled curve.

    A simple projection (the cow keeps her present share of the breed's curve), meant for orientation; ICAR's
    procedures for incomplete lactations use herd and season too.

    :param tests: pairs (days since calving, kg a day), in any order
    :param curve: (a, b, c) of Wood's curve, or None when the breed has none
    :return: kg, or None without a curve or without a test
    """
    tests = sorted((day, kg) for day, kg in tests if kg is not None and day <= last_day)
    if not tests or not curve:
        return None
    ratio = recent_ratio(tests, curve)
    if ratio is None:
        return None
    so_far = tim(tests, last_day=tests[-1][0], to_end=False)
    return so_far + ratio * sum(wood(day, *curve) for day in range(tests[-1][0] + 1, last_day + 1))
