"""Figures of many readings, which can be added, and days of a time zone."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from decimal import Decimal


@dataclass(frozen=True)
class Figures:
    """Number of readings, sum of their values (exact), lowest and highest value."""

    readings: int = 0
    total: Decimal = Decimal(0)
    lowest: float | None = None
    highest: float | None = None

    def __add__(self, other):
        if not self.readings:
            return other
        if not other.readings:
            return self
        return Figures(
            self.readings + other.readings,
            Decimal(self.total) + Decimal(other.total),
            min(self.lowest, other.lowest),
            max(self.highest, other.highest),
        )

    def answer(self):
        """``(readings, mean, lowest, highest)``"""
        mean = float(self.total / self.readings)
        return self.readings, mean, float(self.lowest), float(self.highest)


def local_days(start, end, zone):
    """``[(date, from, to)]`` of the days of ``zone`` (pytz) that touch ``[start, end)``; naive UTC."""
    day = _local(start, zone).date()
    last = _local(end - timedelta(microseconds=1), zone).date()
    days = []
    while day <= last:
        days.append((day, _begin(day, zone), _begin(day + timedelta(days=1), zone)))
        day += timedelta(days=1)
    return days


def _local(moment, zone):
    return moment.replace(tzinfo=timezone.utc).astimezone(zone)


def _begin(day, zone):
    """The first moment of a day, in UTC; one that the clocks skip is the moment at which they do."""
    midnight = datetime.combine(day, time.min)
    local = zone.normalize(zone.localize(midnight, is_dst=True))
    return local.astimezone(timezone.utc).replace(tzinfo=None)
