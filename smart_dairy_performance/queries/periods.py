"""Business days and periods.

A business day is a calendar day in the company's time zone. Timestamps are stored in UTC, so a day is the
half-open range ``[start, start of the next day)`` of UTC instants: no moment is counted twice or lost, and
days of 23 or 25 hours (daylight saving) come out right.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import pytz
from dateutil.relativedelta import relativedelta

ONE_DAY = timedelta(days=1)
# A dashboard over a longer range than this is a mistyped year, not a question.
MAX_DAYS = 36_600
# The ranges a dashboard offers, all of them up to today.
PRESETS = {
    "today": ONE_DAY,
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "quarter": timedelta(days=90),
    "year": relativedelta(years=1),
}


#: what a chart's points stand for, and for periods of at most how many days: as many as an eye can tell
#: apart. A dekad is a third of a month.
GRAINS = {"day": 92, "dekad": 1100, "month": MAX_DAYS}


class PeriodError(ValueError):
    """A range that cannot be used: its ``reason`` ('value', 'order', 'length', 'preset') and ``values``."""

    def __init__(self, reason, *values):
        super().__init__(reason, *values)
        self.reason = reason
        self.values = values


def day_start_utc(day, tz):
    """Return the naive UTC moment at which ``day`` begins in time zone ``tz`` (a name).

    Where midnight does not exist (clocks go forward at 00:00) the day begins at the change; where it exists
    twice, at the first one.
    """
    zone = pytz.timezone(tz)
    midnight = datetime.combine(day, time.min)
    try:
        local = zone.localize(midnight, is_dst=None)
    except pytz.NonExistentTimeError:
        local = zone.localize(midnight, is_dst=False)
    except pytz.AmbiguousTimeError:
        local = zone.localize(midnight, is_dst=True)
    return local.astimezone(pytz.utc).replace(tzinfo=None)


def business_day(value, tz):
    """Return the business day that ``value`` means: a date itself, a moment (naive: UTC) in ``tz``.

    Strings are read as ISO dates or moments (``2026-03-01``, ``2026-03-01 18:30:00``).

    :raises PeriodError: for anything else
    """
    if isinstance(value, str):
        text = value.strip()
        try:
            value = date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
        except ValueError:
            raise PeriodError("value", text)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            value = value.replace(tzinfo=UTC)
        return value.astimezone(pytz.timezone(tz)).date()
    if isinstance(value, date):
        return value
    raise PeriodError("value", value)


def today(tz, now=None):
    """Return the business day of ``now`` (naive UTC; default: this moment) in time zone ``tz``."""
    now = now.replace(tzinfo=UTC) if now else datetime.now(UTC)
    return now.astimezone(pytz.timezone(tz)).date()


@dataclass(frozen=True)
class Period:
    """Whole business days from ``first`` to ``last``, both included."""

    first: date
    last: date

    @classmethod
    def preset(cls, name, today):
        """Build one of :data:`PRESETS`, counted back from ``today``.

        :raises PeriodError: 'preset', an unknown name
        """
        if name not in PRESETS:
            raise PeriodError("preset", name)
        return cls(today - PRESETS[name] + ONE_DAY, today)

    @classmethod
    def parse(cls, date_from, date_to, tz):
        """Build a period from two dates, ISO strings or moments.

        :raises PeriodError: 'value' (not a date), 'order' (wrong way round), 'length' (too long, or out of
            range)
        """
        first, last = business_day(date_from, tz), business_day(date_to, tz)
        if first > last:
            raise PeriodError("order", first, last)
        if (last - first).days >= MAX_DAYS or first.year < 1900 or last.year > 9000:
            raise PeriodError("length", first, last)
        return cls(first, last)

    @property
    def days(self):
        return (self.last - self.first).days + 1

    def previous(self):
        """The period of the same length that ends the day before this one begins."""
        return Period(self.first - ONE_DAY * self.days, self.first - ONE_DAY)

    def year_ago(self):
        """The same dates a year earlier; 29 February becomes the 28th."""
        return Period(*(day - relativedelta(years=1) for day in (self.first, self.last)))

    @property
    def grain(self):
        """The finest of :data:`GRAINS` that suits a period of this length."""
        return next(grain for grain, days in GRAINS.items() if self.days <= days)

    def steps(self, grain):
        """The periods of :data:`GRAINS` that this one consists of; the outer ones may be parts of theirs."""
        found, first = [], self.first
        while first <= self.last:
            after = _next(first, grain)
            found.append(Period(first, min(after - ONE_DAY, self.last)))
            first = after
        return found

    def utc_range(self, tz):
        """``(start, end)``: the half-open range of naive UTC moments that the period covers in ``tz``."""
        return day_start_utc(self.first, tz), day_start_utc(self.last + ONE_DAY, tz)

    def day_starts_utc(self, tz):
        """Naive UTC start of each day: element *i* starts ``first + i`` days."""
        return [day_start_utc(self.first + ONE_DAY * i, tz) for i in range(self.days)]

    def segments(self, tz):
        """Runs of days that one shift turns from UTC into local days: one, and one more per change of clocks.

        :return: list of ``(end, shift, last)``: for moments (naive UTC) before ``end`` the day is the date of
            moment + ``shift``, but never after ``last`` (the hour that a day of 25 hours has too many)
        """
        runs = []
        day = self.first
        while day <= self.last:
            shift, last = _shift(day, tz), day
            # a week at a time: clocks never change and change back within one
            for step in (7, 3, 1):
                ahead = timedelta(days=step)
                while last + ahead <= self.last and _shift(last + ahead, tz) == shift:
                    last += ahead
            runs.append((day_start_utc(last + ONE_DAY, tz), shift, last))
            day = last + ONE_DAY
        return runs


def _next(day, grain):
    """The first day after the ``grain`` that ``day`` lies in."""
    if grain == "day":
        return day + ONE_DAY
    if grain == "dekad" and day.day <= 20:
        return day.replace(day=11 if day.day <= 10 else 21)
    return day.replace(day=1) + relativedelta(months=1)


def _shift(day, tz):
    return datetime.combine(day, time.min) - day_start_utc(day, tz)


#: all days that a rollup can be asked about: it finds whole years in few rows, however many
EVER = Period(date(2, 1, 1), date(9990, 12, 31))
