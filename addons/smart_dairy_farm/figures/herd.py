"""Figures of a group of animals."""

from datetime import timedelta


def average_herd(stays, first_day, last_day):
    """Average number of cows: cow-days ÷ days.

    :param stays: pairs (from, to) of dates, ``to`` exclusive or ``None`` while present
    :param first_day: first day of the period
    :param last_day: last day, included
    """
    days = (last_day - first_day).days + 1
    if days <= 0:
        raise ValueError("the period must have at least one day")
    end = last_day + timedelta(days=1)
    cow_days = 0
    for start, stop in stays:
        cow_days += max(0, (min(stop or end, end) - max(start, first_day)).days)
    return cow_days / days


def yield_per_cow(total, cows):
    """kg per cow in milk, ``None`` without any; count only cows in milk, never dry cows or heifers."""
    return total / cows if cows else None


def reproduction_rates(cycles):
    """Service, conception and 21-day pregnancy rate as fractions of 1, each ``None`` without denominator.

    :param cycles: triples (eligible, served, pregnant), one per cow or per 21-day cycle. Numerators and
        denominators are summed first: the mean of the cows' rates would be another number.
    """
    eligible = served = pregnant = 0
    for cycle_eligible, cycle_served, cycle_pregnant in cycles:
        eligible += cycle_eligible
        served += cycle_served
        pregnant += cycle_pregnant
    return {
        "service": served / eligible if eligible else None,
        "conception": pregnant / served if served else None,
        "pregnancy": pregnant / eligible if eligible else None,
    }


def days_in_milk(day, calving_date, first_day=0):
    """Days in milk on ``day``; the day of calving counts ``first_day`` (0 ICAR, 1 France)."""
    return (day - calving_date).days + first_day


def is_grown(day, birth_date, calf_days):
    """Whether an animal born on ``birth_date`` (``None``: unknown, not grown) is past its ``calf_days``."""
    return bool(birth_date) and (day - birth_date).days >= calf_days


def animal_type_on(day, animal_type, birth_date, parity, calved, calf_days):
    """What an animal that is an ``animal_type`` now was on a past ``day``: cow, heifer, calf, bull or steer.

    :param parity: calvings by that day
    :param calved: whether any calving is known, also later ones; a cow without is taken for one all along
    :param calf_days: days of age before which it was a calf
    """
    if parity or animal_type == "calf":
        return "cow" if parity else "calf"
    if birth_date and not is_grown(day, birth_date, calf_days):
        return "calf"
    return "heifer" if animal_type == "cow" and calved else animal_type


def lactation_status(
    day,
    calving_date,
    dry_off_date=None,
    end_date=None,
    due_date=None,
    *,
    first_day=0,
    fresh=21,
    early=100,
    lead=21,
):
    """Status of a female on ``day``: none, fresh, early, lactating, dry or lead (ICAR's words, lower case).

    :param calving_date: of her latest lactation begun by ``day``, ``None`` without one
    :param dry_off_date: last day she was milked, if known
    :param end_date: day the lactation ended by exit
    :param due_date: expected next calving
    :param first_day: what the day of calving counts as; ``fresh`` and ``early`` are last days in milk of each
    :param lead: a dry cow is Lead from this many days before ``due_date``
    """
    if calving_date is None or calving_date > day or (end_date and end_date <= day):
        return "none"
    if dry_off_date and dry_off_date < day:
        return "lead" if due_date and due_date - timedelta(days=lead) <= day else "dry"
    dim = days_in_milk(day, calving_date, first_day)
    return "fresh" if dim <= fresh else "early" if dim <= early else "lactating"
