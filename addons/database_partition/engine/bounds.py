"""Where partitions begin and end: half-open ranges between whole local days, said in UTC.

A range's bounds are aware datetimes in UTC for timestamps, and midnights "in UTC" for dates. Nothing here
depends on the time zone of a session or of the machine.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

UTC = timezone.utc
#: no partition is made for keys outside: typing mistakes, broken clocks and infinities stay in the default
#: one
FIRST = datetime(1900, 1, 1, tzinfo=UTC)
END = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, order=True)
class Range:
    """``[lower, upper)``, aware datetimes in UTC; None where a partition of foreign make has no bound."""

    lower: datetime
    upper: datetime

    def overlaps(self, other):
        return (self.lower is None or other.upper is None or self.lower < other.upper) and (
            other.lower is None or self.upper is None or other.lower < self.upper
        )

    def holds(self, instant):
        return (self.lower is None or self.lower <= instant) and (self.upper is None or instant < self.upper)


def first_day(interval, day):
    """The first day of the interval that holds ``day``."""
    if interval == "day":
        return day
    if interval == "week":
        return day - timedelta(days=day.weekday())
    if interval == "month":
        return day.replace(day=1)
    if interval == "quarter":
        return date(day.year, day.month - (day.month - 1) % 3, 1)
    return date(day.year, 1, 1)


def shift(interval, first, number):
    """The first day of the interval ``number`` intervals after (before, if negative) that beginning
    ``first``."""
    if interval in ("day", "week"):
        return first + timedelta(days=number * (7 if interval == "week" else 1))
    months = {"month": 1, "quarter": 3, "year": 12}[interval] * number + first.year * 12 + first.month - 1
    return date(months // 12, months % 12 + 1, 1)


def begin(declared, day):
    """The instant at which the local ``day`` begins.

    A midnight that the clocks skip is the moment at which they skip it; of two midnights, the first.
    """
    if declared.key_type == "date":
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(declared.zone)).astimezone(UTC)


def local_day(declared, instant):
    """The day that the set's calendar shows at an instant (of a date: the date itself)."""
    if declared.key_type == "date":
        return instant.date()
    return instant.astimezone(ZoneInfo(declared.zone)).date()


def today(declared, now):
    """The key's value "now" as an instant on the set's axis."""
    if declared.key_type == "date":
        return begin(declared, now.astimezone(ZoneInfo(declared.zone)).date())
    return now


def range_of(declared, instant):
    """The range that holds ``instant``."""
    first = first_day(declared.interval, local_day(declared, instant))
    found = _range(declared, first)
    # Around a change of clocks the calendar may show a day twice: the bounds decide, not the calendar.
    while instant >= found.upper:
        first = shift(declared.interval, first, 1)
        found = _range(declared, first)
    while instant < found.lower:
        first = shift(declared.interval, first, -1)
        found = _range(declared, first)
    return found


def _range(declared, first):
    return Range(begin(declared, first), begin(declared, shift(declared.interval, first, 1)))


def around(declared, instant, before, after):
    """Ranges from ``before`` intervals before that of ``instant`` to ``after`` intervals after it.

    A day that a time zone skipped altogether has no range.
    """
    first = first_day(declared.interval, local_day(declared, range_of(declared, instant).lower))
    found = [_range(declared, shift(declared.interval, first, n)) for n in range(-before, after + 1)]
    return [one for one in found if one.lower < one.upper]


def floor(declared, now):
    """Keys below are beyond retention; None keeps everything."""
    if declared.retention is None:
        return None
    return around(declared, today(declared, now), declared.retention, 0)[0].lower


def partition_name(declared, wanted):
    """``table_p20250131``, ``…_p2025w05``, ``…_p202501``, ``…_p2025q1``, ``…_p2025``: by its first local
    day."""
    day = local_day(declared, wanted.lower)
    if declared.interval == "day":
        text = f"{day:%Y%m%d}"
    elif declared.interval == "week":
        year, week, _day = day.isocalendar()
        text = f"{year}w{week:02}"
    elif declared.interval == "month":
        text = f"{day:%Y%m}"
    elif declared.interval == "quarter":
        text = f"{day.year}q{(day.month + 2) // 3}"
    else:
        text = f"{day.year}"
    return f"{declared.table}_p{text}"


def literal(declared, instant):
    """A bound as text that means the same in every session."""
    if declared.key_type == "date":
        return f"{instant:%Y-%m-%d}"
    return instant.isoformat(sep=" ") if declared.key_type == "timestamptz" else bare(instant)


def bare(instant):
    """An instant as text of a timestamp in UTC that does not say so."""
    return instant.isoformat(sep=" ").removesuffix("+00:00")


def parse(text):
    """A bound as PostgreSQL writes it with TimeZone UTC; None for MINVALUE, MAXVALUE and infinities."""
    text = text.strip("'")
    if text in ("MINVALUE", "MAXVALUE", "infinity", "-infinity") or text.endswith("BC"):
        return None
    text = text.removesuffix("+00")
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
